/** Takes a log apart into lines and lets those through that are of a level. */
export interface LevelFilter {
  /** What of the log may go on, now that this was added to it. */
  sift(chunk: Buffer): Buffer
  /** The line that has no end yet, taken as a whole one. */
  rest(): Buffer
}

const levels = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL']
/** Python's names for two of them. */
const synonyms: Readonly<Record<string, string>> = { WARNING: 'WARN', CRITICAL: 'FATAL' }
const rfc3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/
const nothing = Buffer.alloc(0)
const newline = 10
const longestLine = 65_536

/** Drops what is below `least`. Only a JSON object with a time and a level says its own; all else counts as INFO, as on AWS. */
export function createLevelFilter(minLevel: string): LevelFilter {
  const minRank = levels.indexOf(minLevel)
  let open: Buffer = nothing

  const isKept = (line: Buffer): boolean => levels.indexOf(levelOf(line)) >= minRank

  function rest(): Buffer {
    const line = open
    open = nothing
    return isKept(line) ? line : nothing
  }

  return {
    sift(chunk) {
      const text = open.length === 0 ? chunk : Buffer.concat([open, chunk])
      const kept: Buffer[] = []
      let start = 0
      for (let end = text.indexOf(newline); end >= 0; end = text.indexOf(newline, start)) {
        const line = text.subarray(start, end + 1)
        if (isKept(line)) kept.push(line)
        start = end + 1
      }
      open = text.subarray(start)
      if (open.length > longestLine) kept.push(rest())
      return Buffer.concat(kept)
    },
    rest,
  }
}

function levelOf(line: Buffer): string {
  if (line[0] !== 0x7b || !line.includes('"level"')) return 'INFO'
  try {
    const { level, timestamp } = JSON.parse(line.toString()) as Readonly<Record<string, unknown>>
    if (typeof level !== 'string' || typeof timestamp !== 'string' || !rfc3339.test(timestamp)) return 'INFO'
    const name = synonyms[level.toUpperCase()] ?? level.toUpperCase()
    return levels.includes(name) ? name : 'INFO'
  } catch {
    return 'INFO'
  }
}
