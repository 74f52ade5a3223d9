import { TextBuffer } from './text-buffer.ts'
import { createLevelFilter, type LevelFilter } from './level-filter.ts'
import { createLineSplitter } from './line-splitter.ts'
import { createLogTail } from './log-tail.ts'

/** Buffers the log of one environment and sends it to the server. */
export interface Log {
  /** Adds output of the function's processes. */
  output(chunk: Buffer): void
  /** Adds output of extensions: the level does not apply to it, and its lines are not mixed with the function's. */
  extensionOutput(chunk: Buffer): void
  /** Ends the unfinished line of extensions. */
  endExtensionLine(): void
  /** Adds a platform line, without its newline. */
  line(text: string): void
  /** From here on the function's lines below this level are dropped. */
  setLevel(level: string): void
  /** Ends the unfinished line of the function. */
  endOutputLine(): void
  /** From here on the last 4 KB are kept for the caller. */
  startTail(): void
  /** The last 4 KB, in base64; undefined without `startTail`. */
  takeTail(): string | undefined
  /** Takes the buffered text: complete lines, or all of it. */
  take(isAll: boolean): Buffer | undefined
  /** Total output so far, which shows whether more has arrived. */
  readonly outputBytes: number
}

const flushMs = 100
const flushBytes = 65_536

/** Buffers lines and sends them at intervals while a function writes; `send` may drop them when the server is too slow. */
export function createLog(send: (text: Buffer) => void): Log {
  const buffer = new TextBuffer()
  const tail = createLogTail()
  const extensionLines = createLineSplitter()
  let isFlushPlanned = false
  let outputBytes = 0
  let filter: LevelFilter | undefined

  function add(piece: Buffer): void {
    buffer.add(piece)
    tail.add(piece)
  }

  function addLines(lines: Buffer): void {
    if (lines.length === 0) return
    const lineEnd = buffer.closeLine()
    if (lineEnd !== undefined) tail.add(lineEnd)
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
      add(filter === undefined ? chunk : filter.filter(chunk))
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
