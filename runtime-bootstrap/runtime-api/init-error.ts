import { errorTypeOf } from './error-type.ts'
import type { ApiReply, ApiRequest } from './http/http-connection.ts'
import { sendAccepted, sendInvalidTransition } from './http/replies.ts'
import type { RuntimeEvents } from './runtime-events.ts'

/** The runtime reports an init error; it should exit afterwards. */
export function initError(events: RuntimeEvents, request: ApiRequest, reply: ApiReply): void {
  if (events.state() !== 'Started') return sendInvalidTransition(reply, events.state(), 'InitError')
  const { headers, body } = request
  const errorType = errorTypeOf(headers.get('lambda-runtime-function-error-type'))
  events.onInitError({ body, contentType: isJson(body) ? 'application/json' : 'application/octet-stream', errorType })
  sendAccepted(reply)
}

function isJson(body: Buffer): boolean {
  try {
    JSON.parse(body.toString())
    return true
  } catch {
    return false
  }
}
