/** Collects a body. Small pieces are copied together, so that it takes memory in proportion to its bytes. */
export class BodyPieces {
  #pieces: Buffer[] = []
  #bytes = 0
  #slab: Buffer | undefined
  #slabUsed = 0

  /** How many bytes are held. */
  get bytes(): number {
    return this.#bytes
  }

  add(piece: Buffer): void {
    if (piece.length === 0) return
    this.#bytes += piece.length
    // Most bodies are one piece.
    if (this.#bytes === piece.length || piece.length >= slabBytes) {
      this.#endSlab()
      this.#pieces.push(piece)
    } else this.#copy(piece)
  }

  /** The body, which is no longer held. */
  take(): Buffer {
    this.#endSlab()
    const [first, ...others] = this.#pieces
    this.clear()
    if (first === undefined) return empty
    return others.length === 0 ? first : Buffer.concat([first, ...others])
  }

  /** Forgets what is held. */
  clear(): void {
    this.#slab = undefined
    this.#slabUsed = 0
    this.#pieces = []
    this.#bytes = 0
  }

  #copy(piece: Buffer): void {
    if (this.#slabUsed + piece.length > slabBytes) this.#endSlab()
    this.#slab ??= Buffer.allocUnsafeSlow(slabBytes)
    this.#slab.set(piece, this.#slabUsed)
    this.#slabUsed += piece.length
  }

  #endSlab(): void {
    if (this.#slab !== undefined) this.#pieces.push(this.#slab.subarray(0, this.#slabUsed))
    this.#slab = undefined
    this.#slabUsed = 0
  }
}

const slabBytes = 16_384
const empty = Buffer.alloc(0)
