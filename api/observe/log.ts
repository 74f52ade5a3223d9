import { lineFormats, type Level, type LineFormat } from './line-format.ts'

/** The server's own log and the functions' logs, both lines of text or of JSON. */
export interface Log {
  info(line: string): void
  warn(line: string): void
  /** Our faults: the line says what to do, the cause is printed with its stack. */
  error(line: string, cause?: unknown): void
  /** Output of one environment: whole lines, platform lines among them. Dropped while the reader of the log does not keep up. */
  functionOutput(source: string, text: string): void
  /** Writes what functions wrote and still waits. */
  flush(): void
}

interface Sink {
  write(text: string): unknown
}

/** Where function output goes: as much as waits in it is memory of the server. */
export interface BoundedSink extends Sink {
  /** What was written and not taken yet, in bytes. */
  readonly writableLength: number
  once(event: 'drain', listener: () => void): unknown
}

/** Function output is written this often: one write for many invocations instead of one each. */
const flushMs = 20
/** More than this is written at once. */
const flushLength = 1024 * 1024
/** When more than this waits, function output is dropped until all of it is taken. */
const maxUnsentBytes = 8 * 1024 * 1024

/** Writes function output to `out` in few large writes, and the server's own lines, of which none is dropped, to `err`. */
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
