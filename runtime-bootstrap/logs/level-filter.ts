/** Filters log lines by their level. */
export interface LevelFilter {
  /** Adds output; returns the complete lines that pass. */
  filter(chunk: Buffer): Buffer
  /** The unfinished line, if it passes. */
  rest(): Buffer
}

const levels = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL']
/** Python's names for two of them. */
const synonyms: ReadonlyMap<string, string> = new Map([
  ['WARNING', 'WARN'],
  ['CRITICAL', 'FATAL'],
])
const rfc3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/
const nothing = Buffer.alloc(0)
const newline = 10
const longestLine = 65_536

/** Drops lines below `minLevel`. A JSON object with a timestamp and a level has that level; all else counts as INFO, as on AWS. */
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
    filter(chunk) {
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
    const name = synonyms.get(level.toUpperCase()) ?? level.toUpperCase()
    return levels.includes(name) ? name : 'INFO'
  } catch {
    return 'INFO'
  }
}
