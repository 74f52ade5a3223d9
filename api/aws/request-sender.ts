import { Agent as HttpAgent, request as requestHttp, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as requestHttps } from 'node:https'

export interface HttpRequest {
  readonly method: 'GET' | 'POST'
  readonly headers: Readonly<Record<string, string>>
  /** Empty for none. */
  readonly body: string
  /** Aborts the request. */
  readonly signal?: AbortSignal | undefined
}

export interface HttpAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

/**
 * Sends a request and returns the response, whatever its status. Rejects with the signal's reason, or with an `Error` whose
 * cause says why there was no complete response.
 */
export type SendRequest = (url: URL, request: HttpRequest) => Promise<HttpAnswer>

/** Idle connections are closed before the service closes them, so that no request is sent on a connection that is closing. */
const unusedMs = 4_000

/**
 * Sends requests over kept-alive connections, each with this timeout. Polls are many and small: this costs half of what `fetch`
 * takes.
 */
export function createRequestSender(longestMs: number): SendRequest {
  const agentOptions = { keepAlive: true, timeout: unusedMs }
  const http = { request: requestHttp, agent: new HttpAgent(agentOptions) }
  const https = { request: requestHttps, agent: new HttpsAgent(agentOptions) }
  return (url, { method, headers, body, signal }) => {
    const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>()
    const { request, agent } = url.protocol === 'https:' ? https : http
    const asking = request(url, { method, headers, agent })
    const failWith = (reason: unknown) => {
      reject(reason)
      asking.destroy()
    }
    const fail = (cause: unknown) => failWith(new Error('The service cannot be reached', { cause }))
    const abort = () => failWith(signal?.reason)
    const timer = setTimeout(() => fail(new Error(`no response within ${longestMs / 1000} s`)), longestMs)
    signal?.addEventListener('abort', abort)
    asking.once('close', () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
    })
    asking.on('error', fail)
    asking.once('response', (response) => readAnswer(response, resolve, fail))
    if (signal?.aborted === true) abort()
    else asking.end(body)
    return promise
  }
}

function readAnswer(
  response: IncomingMessage,
  resolve: (answer: HttpAnswer) => void,
  fail: (cause: unknown) => void,
): void {
  let text = ''
  response.setEncoding('utf8')
  response.on('data', (piece: string) => {
    text += piece
  })
  response.on('error', fail)
  response.once('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }))
}
