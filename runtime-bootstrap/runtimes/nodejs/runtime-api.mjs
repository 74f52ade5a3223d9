import { connect } from 'node:net'

const base = '/2018-06-01/runtime'

/**
 * A client of the Runtime API over one keep-alive connection. It reads responses by Content-Length only, as the supervisor writes
 * them; Node's own client costs several milliseconds at start.
 */
export class RuntimeApi {
  #host
  #socket
  #received = []
  #receivedBytes = 0
  /** No reply ends before this many bytes. */
  #neededBytes = 0
  /** Callbacks that wait for replies, in the order of the requests. */
  #waiting = []
  /** The next event, if it was already requested. */
  #event

  /** `onLost` runs when the supervisor disconnects, since a runtime is useless without it. */
  constructor(address, onLost = () => process.exit(1)) {
    const colon = address.lastIndexOf(':')
    this.#host = address
    this.#socket = connect({ host: address.slice(0, colon), port: Number(address.slice(colon + 1)), noDelay: true })
    this.#socket.on('data', (chunk) => this.#read(chunk))
    this.#socket.on('error', onLost).on('close', onLost)
  }

  /** Closes the connection, which counts as lost. */
  close() {
    this.#socket.destroy()
  }

  /** Whether a pending request keeps the process alive. */
  hold(isHeld) {
    if (isHeld) this.#socket.ref()
    else this.#socket.unref()
  }

  /** The next event: its headers, names in lower case, and its bytes. */
  next() {
    const event = this.#event ?? this.#request('GET', `${base}/invocation/next`)
    this.#event = undefined
    return event
  }

  /** Sends the response, without a request for another event. */
  answer(requestId, body) {
    const path = `${base}/invocation/${requestId}/response`
    return this.#request('POST', path, body, { 'Content-Type': 'application/json' })
  }

  /** Sends the response and the request for the next event in one write, which saves a round trip. */
  respond(requestId, body) {
    const path = `${base}/invocation/${requestId}/response`
    void this.#request('POST', path, body, { 'Content-Type': 'application/json' }, this.#nextHead())
    this.#event = this.#reply()
  }

  fail(requestId, body, errorType) {
    return this.#request('POST', `${base}/invocation/${requestId}/error`, body, errorHeaders(errorType))
  }

  failInit(body, errorType) {
    return this.#request('POST', `${base}/init/error`, body, errorHeaders(errorType))
  }

  /** Starts a streamed response; chunks follow, then the end, with an error if there was one. */
  stream(requestId, contentType) {
    const head = [
      `POST ${base}/invocation/${requestId}/response HTTP/1.1`,
      `Host: ${this.#host}`,
      `Content-Type: ${contentType}`,
      'Transfer-Encoding: chunked',
      'Lambda-Runtime-Function-Response-Mode: streaming',
      'Trailer: Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body',
    ]
    this.#socket.write(`${head.join('\r\n')}\r\n\r\n`)
    return {
      write: (chunks) => this.#writeChunks(chunks),
      onDrain: (listener) => this.#socket.once('drain', listener),
      end: (error) => {
        const trailers =
          error === undefined
            ? []
            : [
                `Lambda-Runtime-Function-Error-Type: ${printable(error.type)}`,
                `Lambda-Runtime-Function-Error-Body: ${Buffer.from(error.body).toString('base64')}`,
              ]
        this.#socket.write(['0', ...trailers, '', ''].join('\r\n'))
        return this.#reply()
      },
    }
  }

  /** Writes all chunks at once. Returns false on backpressure. */
  #writeChunks(chunks) {
    let isTaken = true
    this.#socket.cork()
    for (const bytes of chunks) {
      if (bytes.length === 0) continue
      this.#socket.write(`${bytes.length.toString(16)}\r\n`)
      this.#socket.write(bytes)
      isTaken = this.#socket.write('\r\n')
    }
    this.#socket.uncork()
    return isTaken || this.#socket.writableLength === 0
  }

  #nextHead() {
    return `GET ${base}/invocation/next HTTP/1.1\r\nHost: ${this.#host}\r\n\r\n`
  }

  #request(method, path, body, headers = {}, behind = '') {
    let head = `${method} ${path} HTTP/1.1\r\nHost: ${this.#host}\r\n`
    for (const name in headers) head += `${name}: ${headers[name]}\r\n`
    if (body === undefined) this.#socket.write(`${head}\r\n`)
    else this.#socket.write(`${head}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}${behind}`)
    return this.#reply()
  }

  #reply() {
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** Large events arrive in many pieces, which are joined once. */
  #read(chunk) {
    this.#received.push(chunk)
    this.#receivedBytes += chunk.length
    while (this.#receivedBytes > 0 && this.#receivedBytes >= this.#neededBytes && this.#readReply());
  }

  #readReply() {
    const received = this.#received.length === 1 ? this.#received[0] : Buffer.concat(this.#received)
    this.#keep(received)
    const headEnd = received.indexOf('\r\n\r\n')
    if (headEnd < 0) return false
    const headers = {}
    for (const line of received.toString('utf8', 0, headEnd).split('\r\n').slice(1)) {
      const colon = line.indexOf(':')
      headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim()
    }
    const end = headEnd + 4 + Number(headers['content-length'] ?? 0)
    this.#neededBytes = end
    if (received.length < end) return false
    this.#neededBytes = 0
    this.#keep(received.subarray(end))
    this.#waiting.shift()?.({ headers, body: received.subarray(headEnd + 4, end) })
    return true
  }

  #keep(bytes) {
    this.#received = bytes.length === 0 ? [] : [bytes]
    this.#receivedBytes = bytes.length
  }
}

function errorHeaders(errorType) {
  const headers = { 'Content-Type': 'application/json' }
  if (errorType !== undefined) headers['Lambda-Runtime-Function-Error-Type'] = printable(errorType)
  return headers
}

/** Error names come from the function; headers must not contain line breaks. */
function printable(text) {
  return String(text).replace(/[^\x20-\x7e]/g, '?')
}
