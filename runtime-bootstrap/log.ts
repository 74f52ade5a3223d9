import { createLevelSieve, type LevelSieve } from './level-sieve.ts'
import { createLogTail } from './log-tail.ts'

/** The log of one environment, on its way to the server. */
export interface Log {
  /** What the function's processes wrote. */
  output(chunk: Buffer): void
  /** A line of the platform, without its newline; it starts on a line of its own. */
  line(text: string): void
  /** From here on lines of the output below this level are dropped. */
  keepFrom(level: string): void
  /** Takes the line that the output left open as it is. */
  settle(): void
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
const newline = 10
const lineEnd = Buffer.from('\n')

/** Gathers lines and has them sent now and then while a function writes; `send` may throw them away when nobody reads. */
export function createLog(send: (text: Buffer) => void): Log {
  let pieces: Buffer[] = []
  let bytes = 0
  let isLineOpen = false
  let isFlushPlanned = false
  const tail = createLogTail()
  let outputBytes = 0
  let sieve: LevelSieve | undefined

  function add(piece: Buffer): void {
    if (piece.length === 0) return
    pieces.push(piece)
    bytes += piece.length
    isLineOpen = piece[piece.length - 1] !== newline
    tail.keep(piece)
  }

  function flush(): void {
    isFlushPlanned = false
    const text = take(false)
    if (text !== undefined) send(text)
  }

  function settle(): void {
    if (sieve !== undefined) add(sieve.rest())
  }

  function take(isAll: boolean): Buffer | undefined {
    if (isAll) settle()
    if (bytes === 0) return undefined
    if (isAll && isLineOpen) add(lineEnd)
    const text = pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces)
    const isEndless = text.length > flushBytes && !text.includes(newline)
    const end = isAll || isEndless ? text.length : text.lastIndexOf(newline) + 1
    const rest = text.subarray(end)
    pieces = rest.length === 0 ? [] : [rest]
    bytes = rest.length
    if (isEndless && !isAll) return Buffer.concat([text, lineEnd])
    return end === 0 ? undefined : text.subarray(0, end)
  }

  return {
    output(chunk) {
      outputBytes += chunk.length
      add(sieve === undefined ? chunk : sieve.sift(chunk))
      if (bytes > flushBytes) flush()
      if (isFlushPlanned) return
      isFlushPlanned = true
      setTimeout(flush, flushMs).unref()
    },
    line(text) {
      if (isLineOpen) add(lineEnd)
      add(Buffer.from(`${text}\n`))
    },
    keepFrom: (level) => void (sieve = createLevelSieve(level)),
    settle,
    startTail: () => tail.start(),
    takeTail: () => tail.take(),
    take,
    get outputBytes() {
      return outputBytes
    },
  }
}
