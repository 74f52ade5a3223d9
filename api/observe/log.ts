/** The server's own log and the functions' logs, both lines of text. */
export interface Log {
  info(line: string): void
  warn(line: string): void
  /** Our faults: the line says what to do, the cause is printed with its stack. */
  error(line: string, cause?: unknown): void
  /** Output of one environment: whole lines, platform lines among them. */
  functionOutput(source: string, text: string): void
  /** Writes what functions wrote and still waits. */
  flush(): void
}

interface Sink {
  write(text: string): unknown
}

/** Function output is written this often: one write for many invocations instead of one each. */
const flushMs = 20

/** Writes function output to `out` in few large writes, and the server's own lines to `err`. */
export function createLog(out: Sink, err: Sink, now: () => Date): Log {
  let waiting: string[] = []
  const flush = () => {
    if (waiting.length === 0) return
    const text = waiting.join('')
    waiting = []
    out.write(text)
  }
  const own = (level: string, line: string) => err.write(`${now().toISOString()} ${level} ${line}\n`)
  return {
    info: (line) => own('INFO', line),
    warn: (line) => own('WARN', line),
    error: (line, cause) => own('ERROR', cause === undefined ? line : `${line}\n${describe(cause)}`),
    functionOutput(source, text) {
      if (waiting.length === 0) setTimeout(flush, flushMs)
      const body = text.endsWith('\n') ? text.slice(0, -1) : text
      waiting.push(`${source} `, body.replaceAll('\n', `\n${source} `), '\n')
    },
    flush,
  }
}

function describe(cause: unknown): string {
  return cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)
}
