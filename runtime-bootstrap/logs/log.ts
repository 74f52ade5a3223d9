import { TextBuffer } from './text-buffer.ts'
import { createLevelFilter, type LevelFilter } from './level-filter.ts'
import { createLineSplitter } from './line-splitter.ts'
import { createLogTail } from './log-tail.ts'

/** The log of one environment, on its way to the server. */
export interface Log {
  /** What the function's processes wrote. */
  output(chunk: Buffer): void
  /** What extensions wrote: no level applies to it, and its lines are kept apart from the function's. */
  extensionOutput(chunk: Buffer): void
  /** Takes the line that extensions left open as it is. */
  endExtensionLine(): void
  /** A line of the platform, without its newline; it starts on a line of its own. */
  line(text: string): void
  /** From here on lines of the output below this level are dropped. */
  setLevel(level: string): void
  /** Takes the line that the output left open as it is. */
  endOutputLine(): void
  /** From here on the log's last bytes are kept for the caller. */
  startTail(): void
  /** What was kept, in base64; undefined when nothing was to be kept. */
  takeTail(): string | undefined
  /** Takes what waits to be sent: whole lines, unless all is asked for. */
  take(isAll: boolean): Buffer | undefined
  /** Grows with each chunk of output; tells whether some came since. */
  readonly outputBytes: number
}

const flushMs = 100
const flushBytes = 65_536

/** Gathers lines and has them sent now and then while a function writes; `send` may throw them away when nobody reads. */
export function createLog(send: (text: Buffer) => void): Log {
  const buffer = new TextBuffer()
  const tail = createLogTail()
  const extensionLines = createLineSplitter()
  let isFlushPlanned = false
  let outputBytes = 0
  let filter: LevelFilter | undefined

  function add(piece: Buffer): void {
    buffer.add(piece)
    tail.keep(piece)
  }

  function addLines(lines: Buffer): void {
    if (lines.length === 0) return
    const lineEnd = buffer.closeLine()
    if (lineEnd !== undefined) tail.keep(lineEnd)
    add(lines)
  }

  function flush(): void {
    isFlushPlanned = false
    const text = buffer.take(false)
    if (text !== undefined) send(text)
  }

  function flushSoon(): void {
    if (buffer.bytes > flushBytes) flush()
    if (isFlushPlanned) return
    isFlushPlanned = true
    setTimeout(flush, flushMs).unref()
  }

  function endOutputLine(): void {
    if (filter !== undefined) add(filter.rest())
  }

  return {
    output(chunk) {
      outputBytes += chunk.length
      add(filter === undefined ? chunk : filter.sift(chunk))
      flushSoon()
    },
    extensionOutput(chunk) {
      outputBytes += chunk.length
      addLines(extensionLines.split(chunk))
      flushSoon()
    },
    endExtensionLine: () => addLines(extensionLines.rest()),
    line: (text) => addLines(Buffer.from(`${text}\n`)),
    setLevel: (level) => void (filter = createLevelFilter(level)),
    endOutputLine,
    startTail: () => tail.start(),
    takeTail: () => tail.take(),
    take(isAll) {
      if (isAll) endOutputLine()
      return buffer.take(isAll)
    },
    get outputBytes() {
      return outputBytes
    },
  }
}
