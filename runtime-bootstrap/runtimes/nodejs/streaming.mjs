import { Writable } from 'node:stream'

const streamed = Symbol.for('aws.lambda.runtime.handler.streaming')
const contentTypeKey = Symbol('contentType')

/** Whether the handler writes its answer to a stream. */
export function isStreaming(handler) {
  return handler[streamed] === 'response'
}

/** Gives functions the global `awslambda`, as AWS's runtime does. */
export function installGlobals() {
  globalThis.awslambda = {
    streamifyResponse(handler) {
      handler[streamed] = 'response'
      return handler
    },
    HttpResponseStream: {
      /** The stream with status, headers and cookies before the body, eight zero bytes between. */
      from(stream, prelude) {
        stream.setContentType('application/vnd.awslambda.http-integration-response')
        stream.write(JSON.stringify(prelude))
        stream.write(new Uint8Array(8))
        return stream
      },
    },
  }
}

/** The stream that a streaming handler writes to; the request begins with the first byte. */
export class ResponseStream extends Writable {
  #open
  #request
  #isFailed = false;
  [contentTypeKey] = 'application/octet-stream'

  constructor(open) {
    super({ decodeStrings: true })
    this.#open = open
  }

  setContentType(contentType) {
    this[contentTypeKey] = contentType
  }

  get hasBegun() {
    return this.#request !== undefined
  }

  _write(chunk, _encoding, callback) {
    if (this.#begin().write(chunk)) callback()
    else this.#request.onDrain(callback)
  }

  _final(callback) {
    if (this.#isFailed) callback()
    else
      this.#begin()
        .end()
        .then(() => callback(), callback)
  }

  /** Ends a stream that has begun with an error in its trailers. */
  async fail(type, body) {
    this.#isFailed = true
    await this.#request.end({ type, body })
  }

  #begin() {
    this.#request ??= this.#open(this[contentTypeKey])
    return this.#request
  }
}
