import type { Socket } from 'node:net'
import { maxResponseBytes } from '../../protocol/protocol.ts'
import type { ResponseBody, BodySource } from './response-body.ts'
import { pathOf, readFields, type RequestHead } from './http-head.ts'

/** One request of the runtime, whole. */
export interface ApiRequest extends RequestHead {
  readonly trailers: ReadonlyMap<string, string>
  readonly body: Buffer
  /** The body exceeded the maximum size and was dropped. */
  readonly isTooLarge: boolean
  /** The connection ended before the body did. */
  readonly isTruncated: boolean
  /** The consumer of a streamed body; `body` is empty then. */
  readonly stream?: ResponseBody
}

/** Answers one request; a second answer to the same request is ignored. */
export interface ApiReply {
  isOpen(): boolean
  /** `head` is the head of the answer from its status code to its last header, without `Content-Length`. */
  send(head: string, body: Uint8Array): void
}

/** Handles the requests of a connection. */
export interface RequestListener {
  onRequest(request: ApiRequest, reply: ApiReply): void
  /** For a request with a response mode: the consumer of its body; undefined when the body must be buffered. */
  onStream(head: RequestHead, source: BodySource): ResponseBody | undefined
}

/** The X-Ray cause that clients send as a header may have up to 1 MiB. */
const maxHeadBytes = 1_500_000
/** Above the largest event, which may be unsent. */
const maxUnreadBytes = 8 * 1024 * 1024
const endOfHead = Buffer.from('\r\n\r\n')
const none: ReadonlyMap<string, string> = new Map()
const empty = Buffer.alloc(0)

type Step = 'head' | 'length' | 'chunk-size' | 'chunk' | 'chunk-end' | 'trailers' | 'replying' | 'closed'

/**
 * Serves HTTP/1.1 on one connection of a runtime: one request at a time, in order, bodies by length or in chunks.
 * `node:http` does more than the Runtime API needs, at several times the processor time and memory.
 */
export class HttpConnection {
  readonly #socket: Socket
  readonly #listener: RequestListener
  #step: Step = 'head'
  #bytes: Buffer = empty
  #method = ''
  #path = ''
  #headers: ReadonlyMap<string, string> = none
  #trailers: ReadonlyMap<string, string> = none
  #stream: ResponseBody | undefined
  #pieces: Buffer[] = []
  #bodyBytes = 0
  #missing = 0
  #keepAlive = true
  #isReading = false
  /** Replies that are sent with the next one. */
  #held: Buffer = empty

  constructor(socket: Socket, listener: RequestListener) {
    this.#socket = socket
    this.#listener = listener
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => this.#receive(chunk))
    socket.on('end', () => this.#end())
    socket.on('error', () => undefined)
    socket.on('close', () => this.#onClose())
  }

  #receive(chunk: Buffer): void {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk])
    this.#isReading = true
    while (this.#advance());
    this.#isReading = false
    if (this.#step !== 'replying') this.#sendHeld()
  }

  /** Reads the next part of a request; false when it is incomplete. */
  #advance(): boolean {
    switch (this.#step) {
      case 'head':
        return this.#readHead()
      case 'length':
        return this.#readBody() && this.#dispatch()
      case 'chunk-size':
        return this.#readChunkSize()
      case 'chunk':
        return this.#readBody() && this.#go('chunk-end')
      case 'chunk-end':
        return this.#readLine() !== undefined && this.#go('chunk-size')
      case 'trailers':
        return this.#readTrailers()
      case 'replying':
      case 'closed':
        return false
    }
  }

  #go(step: Step): boolean {
    this.#step = step
    return true
  }

  #readHead(): boolean {
    // Some clients send an empty line after a body.
    while (this.#bytes[0] === 13 || this.#bytes[0] === 10) this.#bytes = this.#bytes.subarray(1)
    const end = this.#bytes.indexOf(endOfHead)
    if (end < 0) return this.#bytes.length > maxHeadBytes && this.#refuse('431 Request Header Fields Too Large')
    const head = this.#bytes.toString('latin1', 0, end)
    this.#bytes = this.#bytes.subarray(end + endOfHead.length)
    const lineEnd = head.indexOf('\r\n')
    const [method, target, version] = (lineEnd < 0 ? head : head.slice(0, lineEnd)).split(' ')
    if (!method || !target || !version?.startsWith('HTTP/1.')) return this.#refuse('400 Bad Request')
    this.#method = method
    this.#path = pathOf(target)
    this.#headers = lineEnd < 0 ? none : readFields(head, lineEnd + 2)
    this.#trailers = none
    this.#pieces = []
    this.#bodyBytes = 0
    this.#keepAlive = this.#headers.get('connection')?.toLowerCase() !== 'close' && version !== 'HTTP/1.0'
    if (this.#headers.has('lambda-runtime-function-response-mode')) this.#openStream()
    return this.#expectBody()
  }

  #openStream(): void {
    const head = { method: this.#method, path: this.#path, headers: this.#headers }
    this.#stream = this.#listener.onStream(head, this.#socket)
  }

  #expectBody(): boolean {
    const isChunked = this.#headers.get('transfer-encoding')?.toLowerCase().includes('chunked') === true
    const length = this.#headers.get('content-length')
    if (length !== undefined && !/^\d{1,15}$/.test(length)) return this.#refuse('400 Bad Request')
    this.#missing = Number(length ?? 0)
    if (!isChunked && this.#missing === 0) return this.#dispatch()
    if (this.#headers.has('expect')) this.#socket.write('HTTP/1.1 100 Continue\r\n\r\n')
    return this.#go(isChunked ? 'chunk-size' : 'length')
  }

  /** Consumes available bytes of the body or chunk; true when it is complete. */
  #readBody(): boolean {
    const piece = this.#bytes.length <= this.#missing ? this.#bytes : this.#bytes.subarray(0, this.#missing)
    this.#bytes = this.#bytes.subarray(piece.length)
    this.#missing -= piece.length
    if (this.#stream !== undefined) this.#stream.write(piece)
    else this.#collect(piece)
    return this.#missing === 0
  }

  #collect(piece: Buffer): void {
    this.#bodyBytes += piece.length
    if (this.#bodyBytes > maxResponseBytes) this.#pieces = []
    else if (piece.length > 0) this.#pieces.push(piece)
  }

  #readChunkSize(): boolean {
    const line = this.#readLine()
    if (line === undefined) return false
    const size = /^\s*([0-9a-fA-F]{1,8})\s*(;|$)/.exec(line)?.[1]
    if (size === undefined) return this.#refuse('400 Bad Request')
    this.#missing = Number.parseInt(size, 16)
    return this.#go(this.#missing === 0 ? 'trailers' : 'chunk')
  }

  #readTrailers(): boolean {
    if (this.#bytes[0] === 13 && this.#bytes[1] === 10) {
      this.#bytes = this.#bytes.subarray(2)
      return this.#dispatch()
    }
    const end = this.#bytes.indexOf(endOfHead)
    // Streamed errors come as trailers and may be as long as a response, in base64.
    if (end < 0) return this.#bytes.length > 2 * maxResponseBytes && this.#refuse('400 Bad Request')
    this.#trailers = readFields(this.#bytes.toString('latin1', 0, end), 0)
    this.#bytes = this.#bytes.subarray(end + endOfHead.length)
    return this.#dispatch()
  }

  #readLine(): string | undefined {
    const end = this.#bytes.indexOf('\r\n')
    if (end < 0) {
      if (this.#bytes.length > 4096) this.#refuse('400 Bad Request')
      return undefined
    }
    const line = this.#bytes.toString('latin1', 0, end)
    this.#bytes = this.#bytes.subarray(end + 2)
    return line
  }

  /** Dispatches the request. Pipelined bytes wait until it is answered. */
  #dispatch(isTruncated = false): boolean {
    this.#step = 'replying'
    const isTooLarge = this.#bodyBytes > maxResponseBytes
    const [first] = this.#pieces
    const body = this.#pieces.length < 2 ? (first ?? empty) : Buffer.concat(this.#pieces)
    this.#pieces = []
    const { headers, trailers } = { headers: this.#headers, trailers: this.#trailers }
    const stream = this.#stream === undefined ? {} : { stream: this.#stream }
    this.#stream = undefined
    const head = { method: this.#method, path: this.#path, headers }
    let isAnswered = false
    const request = { ...head, trailers, body, isTooLarge, isTruncated, ...stream }
    this.#listener.onRequest(request, {
      isOpen: () => !isAnswered && this.#step === 'replying',
      send: (head, answer) => {
        if (isAnswered || this.#step !== 'replying') return
        isAnswered = true
        this.#reply(head, answer)
      },
    })
    // Once the request is answered, pipelined bytes can be read.
    return this.#isHeadNext() && this.#bytes.length > 0
  }

  #reply(head: string, body: Uint8Array): void {
    const connection = this.#keepAlive ? '' : 'Connection: close\r\n'
    const text = `HTTP/1.1 ${head}${connection}Content-Length: ${String(body.length)}\r\n\r\n`
    if (body.length > 65_536) {
      this.#sendHeld()
      this.#socket.cork()
      this.#socket.write(text)
      this.#socket.write(body)
      this.#socket.uncork()
    } else {
      this.#hold(text, body)
      // With a pipelined request pending, the reply can wait for the next one.
      if (!this.#keepAlive || this.#bytes.length === 0) this.#sendHeld()
    }
    if (!this.#keepAlive) return void this.#close()
    this.#step = 'head'
    if (this.#bytes.length > 0 && !this.#isReading) this.#receive(empty)
  }

  #isHeadNext(): boolean {
    return this.#step === 'head'
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

  #sendHeld(): void {
    if (this.#held.length === 0) return
    const isKeptUpWith = this.#socket.write(this.#held)
    this.#held = empty
    // A client that pipelines requests without reading replies must not exhaust memory.
    if (!isKeptUpWith && this.#socket.writableLength > maxUnreadBytes) this.#socket.destroy()
  }

  #refuse(status: string): false {
    this.#sendHeld()
    this.#socket.write(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
    return this.#close()
  }

  #close(): false {
    this.#step = 'closed'
    this.#socket.end()
    return false
  }

  #end(): void {
    this.#keepAlive = false
    if (this.#isInBody()) this.#dispatch(true)
    else this.#close()
  }

  /** A stream whose connection was reset broke off too. */
  #onClose(): void {
    if (this.#stream !== undefined && this.#isInBody()) this.#dispatch(true)
    this.#step = 'closed'
  }

  #isInBody(): boolean {
    return this.#step !== 'head' && this.#step !== 'replying' && this.#step !== 'closed'
  }
}
