/** The last 4 KB of one invocation's log, for its caller. */
export interface LogTail {
  start(): void
  add(piece: Buffer): void
  /** The last 4 KB since the start, in base64; undefined without a start. */
  take(): string | undefined
}

const tailBytes = 4096

export function createLogTail(): LogTail {
  let pieces: Buffer[] | undefined
  let bytes = 0
  const last = (): Buffer => Buffer.concat(pieces ?? []).subarray(-tailBytes)
  return {
    start() {
      pieces = []
      bytes = 0
    },
    add(piece) {
      if (pieces === undefined) return
      pieces.push(piece)
      bytes += piece.length
      if (bytes < 16 * tailBytes) return
      pieces = [Buffer.from(last())]
      bytes = tailBytes
    },
    take() {
      if (pieces === undefined) return undefined
      const text = last().toString('base64')
      pieces = undefined
      return text
    },
  }
}
