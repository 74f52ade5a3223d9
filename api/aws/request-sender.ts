import { setImmediate as nextTurn } from 'node:timers/promises'
import { Agent, type Dispatcher } from 'undici'

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
  readonly headers: Dispatcher.ResponseData['headers']
  readonly text: string
}

/**
 * Sends a request and returns the response, whatever its status. Rejects with the signal's reason, or with an `Error` whose
 * cause says why there was no complete response.
 */
export type SendRequest = (url: URL, request: HttpRequest) => Promise<HttpAnswer>

/** Sends requests over kept-alive connections. A request, with the body of its response, takes at most `longestMs`. */
export function createRequestSender(longestMs: number): SendRequest {
  const agent = new Agent()
  return async (url, { signal, ...request }) => {
    signal?.throwIfAborted()
    // `AbortSignal.timeout` would keep its timer after the request has ended: polls are many and short.
    const ending = new AbortController()
    const timer = setTimeout(() => ending.abort(new Error(`no response within ${longestMs / 1000} s`)), longestMs)
    const abort = () => ending.abort(signal?.reason)
    signal?.addEventListener('abort', abort)
    try {
      const asked = { ...request, origin: url.origin, path: url.pathname, signal: ending.signal }
      const { statusCode, headers, body } = await agent.request(asked)
      const text = await body.text()
      // undici reuses the connection from the next turn of the event loop on. A poll before that would open another one.
      await nextTurn()
      return { status: statusCode, headers, text }
    } catch (cause) {
      signal?.throwIfAborted()
      throw new Error('The service cannot be reached', { cause })
    } finally {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
    }
  }
}
