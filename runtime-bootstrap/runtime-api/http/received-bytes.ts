/** Appends received bytes to those that are not read yet, in linear time however small the pieces are. */
export class ReceivedBytes {
  #store = Buffer.alloc(0)
  #used = 0

  /** The unread bytes, as this method returned them or their end, followed by the chunk. */
  append(unread: Buffer, chunk: Buffer): Buffer {
    if (unread.length === 0) return chunk
    const start = this.#used - unread.length
    const store = this.#store
    const isLast = unread.buffer === store.buffer && unread.byteOffset === store.byteOffset + start
    if (isLast && this.#used + chunk.length <= store.length) {
      store.set(chunk, this.#used)
      this.#used += chunk.length
      return store.subarray(start, this.#used)
    }
    const length = unread.length + chunk.length
    this.#store = Buffer.allocUnsafeSlow(Math.max(smallestStore, 2 * length))
    this.#store.set(unread)
    this.#store.set(chunk, unread.length)
    this.#used = length
    return this.#store.subarray(0, length)
  }
}

const smallestStore = 4096
