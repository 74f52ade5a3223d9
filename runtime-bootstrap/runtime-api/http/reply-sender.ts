import type { Socket } from 'node:net'

/** Above the largest event, which may be unsent. */
const maxUnreadBytes = 8 * 1024 * 1024
/** Larger bodies are sent as they are, without a copy. */
const largeBytes = 65_536
const empty = Buffer.alloc(0)

/** Sends the replies of one connection; several small ones go out in one write. */
export class ReplySender {
  readonly #socket: Socket
  /** Replies that are sent with the next one. */
  #held: Buffer = empty

  constructor(socket: Socket) {
    this.#socket = socket
  }

  /** Sends a reply; a small one may wait for the next, until `flush`. */
  send(head: string, body: Uint8Array): void {
    if (body.length <= largeBytes) return this.#hold(head, body)
    this.flush()
    this.#socket.cork()
    this.#socket.write(head)
    this.#socket.write(body)
    this.#socket.uncork()
  }

  /** Sends what waits. */
  flush(): void {
    if (this.#held.length === 0) return
    const isKeptUpWith = this.#socket.write(this.#held)
    this.#held = empty
    // A client that pipelines requests without reading replies must not exhaust memory.
    if (!isKeptUpWith && this.#socket.writableLength > maxUnreadBytes) this.#socket.destroy()
  }

  #hold(text: string, body: Uint8Array): void {
    const headStart = this.#held.length
    const headBytes = Buffer.byteLength(text)
    const bytes = Buffer.allocUnsafe(headStart + headBytes + body.length)
    bytes.set(this.#held)
    bytes.write(text, headStart)
    bytes.set(body, headStart + headBytes)
    this.#held = bytes
  }
}
