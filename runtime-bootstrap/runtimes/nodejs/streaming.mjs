import { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'

const streamed = Symbol.for('aws.lambda.runtime.handler.streaming')
const bufferLimit = Symbol.for('aws.lambda.runtime.handler.streaming.highWaterMark')
const httpContentType = 'application/vnd.awslambda.http-integration-response'

/** Whether the handler streams its response. */
export function isStreaming(handler) {
  return handler[streamed] === 'response'
}

/** Gives functions the global `awslambda`, as AWS's runtime does. */
export function installGlobals() {
  globalThis.awslambda = {
    /** Marks a handler that streams its response, with a buffer of up to `highWaterMark` bytes. */
    streamifyResponse(handler, options) {
      handler[streamed] = 'response'
      if (typeof options?.highWaterMark === 'number') handler[bufferLimit] = Math.trunc(options.highWaterMark)
      return handler
    },
    HttpResponseStream: {
      /** The stream with status, headers and cookies before the first byte of the body, eight zero bytes between. */
      from(stream, prelude) {
        stream.setContentType(httpContentType)
        stream.setPrelude(Buffer.concat([Buffer.from(JSON.stringify(prelude)), Buffer.alloc(8)]))
        return stream
      },
    },
  }
}

/** The stream of a streaming handler; the request starts with the first byte. */
export class ResponseStream extends Writable {
  #open
  #request
  #prelude
  #failure
  #end
  #contentType = 'application/octet-stream'

  constructor(open, handler) {
    const limit = handler[bufferLimit]
    super({ decodeStrings: true, ...(Number.isNaN(limit) || limit === undefined ? {} : { highWaterMark: limit }) })
    this.#open = open
  }

  /** Has an effect until the first byte. */
  setContentType(contentType) {
    this.#contentType = contentType
  }

  /** Sets the prelude, which precedes the body. */
  setPrelude(bytes) {
    this.#prelude = bytes
  }

  /** Resolves when all is sent, or cannot be sent any more. */
  sent() {
    return finished(this, { readable: false })
  }

  get hasBegun() {
    return this.#request !== undefined
  }

  /** Values other than text and bytes are written as JSON. */
  write(chunk, ...others) {
    const isPlain = typeof chunk === 'string' || chunk instanceof Uint8Array
    return super.write(isPlain ? chunk : JSON.stringify(chunk), ...others)
  }

  _write(chunk, _encoding, callback) {
    this.#send([chunk], callback)
  }

  _writev(entries, callback) {
    this.#send(
      entries.map(({ chunk }) => chunk),
      callback,
    )
  }

  _final(callback) {
    this.#begin()
    this.#endRequest().then(() => callback(), callback)
  }

  /** Ends a started stream with an error in its trailers, after all written bytes; resolves when it is accepted. */
  async fail(type, body) {
    this.#failure ??= { type, body }
    if (!this.destroyed) {
      const sent = this.sent()
      if (!this.writableEnded) this.end()
      await sent.catch(() => undefined)
    }
    await this.#endRequest()
  }

  #endRequest() {
    this.#end ??= this.#request.end(this.#failure)
    return this.#end
  }

  #send(chunks, callback) {
    this.#begin()
    if (this.#request.write(chunks)) callback()
    else this.#request.onDrain(callback)
  }

  #begin() {
    if (this.#request !== undefined) return
    this.#request = this.#open(this.#contentType)
    if (this.#prelude !== undefined) this.#request.write([this.#prelude])
  }
}
