import { streamBroken, streamTooLarge } from '../runs/faults.ts'
import type { RunStream } from '../runs/invocation-run.ts'
import type { Outbox } from '../channel/outbox.ts'
import { encodeFrame } from '../protocol/protocol.ts'
import { maxStreamedBytes, streamCost, streamWindowBytes } from '../protocol/response-limits.ts'
import type { ResponseBody, BodySource, StreamError } from '../runtime-api/http/response-body.ts'

export interface ResponseStreamOptions {
  readonly requestId: string
  readonly contentType: string
  /** The runtime's connection, paused while the caller does not read. */
  readonly source: BodySource
  readonly outbox: Outbox
  /** The runtime has posted its response. Called once, even when the caller already received a fault. */
  readonly onPosted: (error?: StreamError) => void
}

/** Small pieces are batched into frames of about this size. */
const frameBytes = 65_536
/** A process's connection breaks before its exit is reported: wait this long for the exit, which is the better error. */
const brokenGraceMs = 100

/** Forwards a streamed response from the runtime to the server. Its end is sent once, whichever side ends it. */
export class ResponseStream implements ResponseBody, RunStream {
  readonly #options: ResponseStreamOptions
  #isOpen = true
  #isPosted = false
  #isSendPlanned = false
  #isPaused = false
  #pieces: Buffer[] = []
  #gatheredBytes = 0
  #streamedBytes = 0
  /** Bytes sent that the server has not acknowledged, as `streamCost` counts them. */
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
    this.#post(this.isTooLarge ? streamTooLarge : error)
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
    // Batching large frames gains nothing.
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

  /** Batches everything that arrives in one turn of the event loop into one write. */
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
