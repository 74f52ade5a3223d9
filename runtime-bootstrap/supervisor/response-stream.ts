import { streamBroken, streamTooLarge } from '../runs/faults.ts'
import type { RunStream } from '../runs/invocation-run.ts'
import type { Outbox } from '../channel/outbox.ts'
import { encodeFrame, maxStreamedBytes, streamCost, streamWindowBytes } from '../protocol/protocol.ts'
import type { ResponseBody, BodySource, StreamError } from '../runtime-api/http/response-body.ts'

export interface ResponseStreamOptions {
  readonly requestId: string
  readonly contentType: string
  /** The runtime, held back while the caller does not read. */
  readonly source: BodySource
  readonly outbox: Outbox
  /** The runtime has sent its answer; called once, also when the caller was told of a fault before. */
  readonly onPosted: (error?: StreamError) => void
}

/** Pieces that come together leave in frames of about this size. */
const frameBytes = 65_536
/**
 * When a process ends, its connection breaks before its end is known: this long is waited for the better reason of the two.
 */
const brokenGraceMs = 100

/** A streamed answer on its way from the runtime to the server. Its end is told once, whoever brings it. */
export class ResponseStream implements ResponseBody, RunStream {
  readonly #options: ResponseStreamOptions
  #isOpen = true
  #isPosted = false
  #isSendPlanned = false
  #isPaused = false
  #pieces: Buffer[] = []
  #gatheredBytes = 0
  #streamedBytes = 0
  /** What the server has not taken yet. */
  #unread = 0
  #breaking: NodeJS.Timeout | undefined

  constructor(options: ResponseStreamOptions) {
    this.#options = options
    const { requestId, contentType } = options
    options.outbox.hold(encodeFrame({ type: 'begin', requestId, contentType }))
    this.#sendSoon()
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  get isTooLarge(): boolean {
    return this.#streamedBytes > maxStreamedBytes
  }

  write(piece: Buffer): void {
    if (!this.#isOpen || piece.length === 0) return
    this.#streamedBytes += piece.length
    if (this.isTooLarge) return this.close(streamTooLarge)
    this.#pieces.push(piece)
    this.#gatheredBytes += piece.length
    if (this.#gatheredBytes >= frameBytes) this.#frame()
    this.#sendSoon()
  }

  finish(error?: StreamError): void {
    this.#post(error)
    this.close(error)
  }

  breakOff(): void {
    this.#post(streamBroken)
    if (this.#isOpen) this.#breaking = setTimeout(() => this.close(streamBroken), brokenGraceMs)
  }

  endBroken(): void {
    if (this.#breaking !== undefined) this.close(streamBroken)
  }

  close(error?: StreamError): void {
    if (!this.#isOpen) return
    clearTimeout(this.#breaking)
    this.#frame()
    this.#isOpen = false
    const { requestId, contentType, outbox } = this.#options
    const failed =
      error === undefined
        ? { contentType }
        : { contentType: 'application/json', functionError: 'Unhandled' as const, errorType: error.errorType }
    outbox.hold(encodeFrame({ type: 'response', requestId, ...failed }, error?.body))
    this.#sendSoon()
    this.#resume()
  }

  grant(bytes: number): void {
    this.#unread -= bytes
    if (this.#unread <= streamWindowBytes / 2) this.#resume()
  }

  #post(error?: StreamError): void {
    if (this.#isPosted) return
    this.#isPosted = true
    this.#options.onPosted(error)
  }

  #frame(): void {
    if (this.#gatheredBytes === 0) return
    const [first] = this.#pieces
    const chunk = this.#pieces.length === 1 && first ? first : Buffer.concat(this.#pieces)
    this.#pieces = []
    this.#gatheredBytes = 0
    const { requestId, outbox, source } = this.#options
    outbox.hold(encodeFrame({ type: 'chunk', requestId }, chunk))
    // Large ones gain nothing by being put together.
    if (chunk.length >= frameBytes) outbox.release()
    this.#unread += streamCost(chunk)
    if (this.#unread < streamWindowBytes || this.#isPaused) return
    this.#isPaused = true
    source.pause()
  }

  #resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#options.source.resume()
  }

  /** What comes in one turn of the event loop leaves in one write. */
  #sendSoon(): void {
    if (this.#isSendPlanned) return
    this.#isSendPlanned = true
    setImmediate(() => {
      this.#isSendPlanned = false
      this.#frame()
      this.#options.outbox.release()
    })
  }
}
