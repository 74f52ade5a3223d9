const newline = 10
const lineEnd = Buffer.from('\n')
/** Longer lines are sent before they end. */
const longestLine = 65_536

/** Buffers text to be sent, by lines. */
export class TextBuffer {
  #pieces: Buffer[] = []
  #bytes = 0
  #isLineOpen = false

  get bytes(): number {
    return this.#bytes
  }

  add(piece: Buffer): void {
    if (piece.length === 0) return
    this.#pieces.push(piece)
    this.#bytes += piece.length
    this.#isLineOpen = piece[piece.length - 1] !== newline
  }

  /** Ends an unfinished line; returns the newline added, if any. */
  closeLine(): Buffer | undefined {
    if (!this.#isLineOpen) return undefined
    this.add(lineEnd)
    return lineEnd
  }

  /** Takes the buffered text: complete lines, or all of it. */
  take(isAll: boolean): Buffer | undefined {
    if (this.#bytes === 0) return undefined
    if (isAll) this.closeLine()
    const [first] = this.#pieces
    const text = this.#pieces.length === 1 && first ? first : Buffer.concat(this.#pieces)
    const isEndless = text.length > longestLine && !text.includes(newline)
    const end = isAll || isEndless ? text.length : text.lastIndexOf(newline) + 1
    const rest = text.subarray(end)
    this.#pieces = rest.length === 0 ? [] : [rest]
    this.#bytes = rest.length
    if (isEndless && !isAll) return Buffer.concat([text, lineEnd])
    return end === 0 ? undefined : text.subarray(0, end)
  }
}
