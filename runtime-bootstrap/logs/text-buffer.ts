const newline = 10
const lineEnd = Buffer.from('\n')
/** A line of more than this is sent without waiting for its end. */
const longestLine = 65_536

/** Text that waits to be sent, by lines. */
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

  /** What comes next is on a line of its own; answers what that took. */
  closeLine(): Buffer | undefined {
    if (!this.#isLineOpen) return undefined
    this.add(lineEnd)
    return lineEnd
  }

  /** Takes what is there: whole lines, unless all is asked for. */
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
