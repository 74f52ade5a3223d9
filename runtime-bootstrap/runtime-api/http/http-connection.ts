import type { Socket } from 'node:net'
import { maxResponseBytes } from '../../protocol/response-limits.ts'
import { BodyPieces } from './body-pieces.ts'
import type { Intake } from './intake.ts'
import { ReceivedBytes } from './received-bytes.ts'
import { ReplySender } from './reply-sender.ts'
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
/** Pipelined bytes that are read while a request waits for its answer. */
const maxPipelinedBytes = 64 * 1024
/** How long a refused client may take to read why. */
const partingMs = 2_000
const endOfHead = Buffer.from('\r\n\r\n')
const [none, empty]: [ReadonlyMap<string, string>, Buffer] = [new Map(), Buffer.alloc(0)]

type Step = 'head' | 'length' | 'chunk-size' | 'chunk' | 'chunk-end' | 'trailers' | 'replying' | 'closed'

/**
 * Serves HTTP/1.1 on one connection of a runtime: one request at a time, in order, bodies by length or in chunks.
 * `node:http` does more than the Runtime API needs, at several times the processor time and memory.
 */
export class HttpConnection {
  readonly #socket: Socket
  readonly #listener: RequestListener
  #step: Step = 'head'
  readonly #intake: Intake
  readonly #received = new ReceivedBytes()
  readonly #replies: ReplySender
  #bytes: Buffer = empty
  /** How many of these bytes do not contain the end of a head. */
  #searchedBytes = 0
  #method = ''
  #path = ''
  #headers: ReadonlyMap<string, string> = none
  #trailers: ReadonlyMap<string, string> = none
  #stream: ResponseBody | undefined
  #pieces = new BodyPieces()
  #bodyBytes = 0
  #heldBytes = 0
  #missing = 0
  #keepAlive = true
  #isReading = false

  constructor(socket: Socket, intake: Intake, listener: RequestListener) {
    this.#socket = socket
    this.#intake = intake
    this.#replies = new ReplySender(socket)
    this.#listener = listener
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => this.#receive(chunk))
    socket.on('end', () => this.#end())
    socket.on('error', () => undefined)
    socket.on('close', () => this.#onClose())
  }

  #receive(chunk: Buffer): void {
    if (this.#step === 'closed') return
    this.#bytes = this.#received.append(this.#bytes, chunk)
    this.#isReading = true
    while (this.#advance());
    this.#isReading = false
    if (this.#step !== 'replying') this.#replies.flush()
    else if (this.#bytes.length > maxPipelinedBytes) this.#socket.pause()
    if (!this.#count()) this.#refuse('503 Service Unavailable')
  }

  /** Counts what this connection holds; false when that is too much for the environment. */
  #count(): boolean {
    const held = this.#bytes.length + this.#pieces.bytes
    if (held === this.#heldBytes) return true
    const more = held - this.#heldBytes
    this.#heldBytes = held
    return this.#intake.change(more)
  }

  /** Where the head or the trailers end, searching each byte once; negative when they do not end yet. */
  #findEndOfHead(): number {
    const end = this.#bytes.indexOf(endOfHead, Math.max(0, this.#searchedBytes - endOfHead.length))
    this.#searchedBytes = end < 0 ? this.#bytes.length : 0
    return end
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
    let start = 0
    while (this.#bytes[start] === 13 || this.#bytes[start] === 10) start++
    this.#bytes = start === 0 ? this.#bytes : this.#bytes.subarray(start)
    const end = this.#findEndOfHead()
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
    if (this.#bodyBytes > maxResponseBytes) this.#pieces.clear()
    else this.#pieces.add(piece)
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
    const end = this.#findEndOfHead()
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
    const body = this.#pieces.take()
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
    this.#replies.send(text, body)
    // With a pipelined request pending, the reply can wait for the next one.
    if (!this.#keepAlive || this.#bytes.length === 0) this.#replies.flush()
    if (!this.#keepAlive) return void this.#close()
    this.#step = 'head'
    this.#searchedBytes = 0
    if (this.#bytes.length > maxPipelinedBytes) this.#socket.resume()
    if (this.#bytes.length > 0 && !this.#isReading) this.#receive(empty)
  }

  #isHeadNext(): boolean {
    return this.#step === 'head'
  }

  #refuse(status: string): false {
    this.#replies.flush()
    this.#socket.write(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
    return this.#close()
  }

  #close(): false {
    this.#step = 'closed'
    this.#release()
    this.#socket.setTimeout(partingMs, () => this.#socket.destroy())
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
    this.#release()
  }

  #release(): void {
    this.#bytes = empty
    this.#pieces.clear()
    this.#count()
  }

  #isInBody(): boolean {
    return this.#step !== 'head' && this.#step !== 'replying' && this.#step !== 'closed'
  }
}
