import { lineFormats, type Level, type LineFormat } from './line-format.ts'

/** The server's own log and the functions' logs, both lines of text or of JSON. */
export interface Log {
  info(line: string): void
  warn(line: string): void
  /** Logs an internal error: the line says what to do, the cause is printed with its stack. */
  error(line: string, cause?: unknown): void
  /**
   * Writes output of one environment: whole lines, including platform lines. Dropped while the reader of the log does not keep
   * up.
   */
  functionOutput(source: string, text: string): void
  /** Writes the buffered output of functions. */
  flush(): void
}

interface Sink {
  write(text: string): unknown
}

/** The sink of function output. Unwritten output occupies memory of the server. */
export interface BoundedSink extends Sink {
  /** Bytes that were written but not consumed yet. */
  readonly writableLength: number
  once(event: 'drain', listener: () => void): unknown
}

/** Function output is flushed this often: one write for many invocations instead of one each. */
const flushMs = 20
/** A larger buffer is flushed at once. */
const flushLength = 1024 * 1024
/** Above this, function output is dropped until all of it is consumed. */
const maxUnsentBytes = 8 * 1024 * 1024

/**
 * Creates a log that writes function output to `out` in few large writes, and the server's own lines, none of which is dropped,
 * to `err`.
 */
export function createLog(out: BoundedSink, err: Sink, now: () => Date, format: LineFormat = lineFormats.text): Log {
  let waiting: string[] = []
  let waitingLength = 0
  let dropped: { lines: number; bytes: number } | undefined
  const flush = () => {
    if (waiting.length === 0) return
    const text = waiting.join('')
    waiting = []
    waitingLength = 0
    out.write(text)
  }
  const own = (level: Level, line: string, cause?: string) =>
    err.write(format.own({ time: now().toISOString(), level, message: line, cause }))
  const tellDropped = () => {
    if (dropped !== undefined) own('WARN', droppedLine(dropped))
    dropped = undefined
  }
  const isDropped = (text: string): boolean => {
    if (dropped === undefined) {
      if (out.writableLength <= maxUnsentBytes) return false
      dropped = { lines: 0, bytes: 0 }
      out.once('drain', tellDropped)
    }
    dropped.lines += text.split('\n').length
    dropped.bytes += Buffer.byteLength(text) + 1
    return true
  }
  return {
    info: (line) => own('INFO', line),
    warn: (line) => own('WARN', line),
    error: (line, cause) => own('ERROR', line, cause === undefined ? undefined : describe(cause)),
    functionOutput(source, text) {
      const body = text.endsWith('\n') ? text.slice(0, -1) : text
      if (isDropped(body)) return
      if (waiting.length === 0) setTimeout(flush, flushMs)
      const lines = format.functionLines(now().toISOString(), source, body)
      waiting.push(lines)
      waitingLength += lines.length
      if (waitingLength > flushLength) flush()
    },
    flush,
  }
}

function droppedLine({ lines, bytes }: { readonly lines: number; readonly bytes: number }): string {
  return (
    `${String(lines)} lines of functions' output (${String(bytes)} bytes) were dropped, since they came faster than ` +
    "the server's standard output was read"
  )
}

function describe(cause: unknown): string {
  return cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)
}
