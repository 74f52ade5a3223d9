import { isCurrent } from './current-invocation.ts'
import { errorTypeOf } from './error-type.ts'
import type { ApiReply, ApiRequest } from './http/http-connection.ts'
import { sendAccepted, sendInvalidTransition } from './http/replies.ts'
import type { RuntimeEvents } from './runtime-events.ts'

/** The handler failed; the caller gets the body byte for byte. */
export function invocationError(events: RuntimeEvents, request: ApiRequest, reply: ApiReply, id: string): void {
  if (!isCurrent(events, reply, id)) return
  if (events.state() !== 'Running') return sendInvalidTransition(reply, events.state(), 'InvocationErrorResponse')
  const errorType = errorTypeOf(request.headers.get('lambda-runtime-function-error-type'))
  const contentType = request.headers.get('content-type') ?? 'application/json'
  const isWithCause = contentType.startsWith('application/vnd.aws.lambda.error.cause+json')
  if (isWithCause) events.onResponse({ body: withoutCause(request.body), contentType: 'application/json', errorType })
  else events.onResponse({ body: request.body, contentType, errorType })
  sendAccepted(reply)
}

/** The cause is for tracing; callers do not see it. */
function withoutCause(body: Buffer): Buffer {
  try {
    const { errorCause: _, ...rest } = JSON.parse(body.toString()) as Record<string, unknown>
    return Buffer.from(JSON.stringify(rest))
  } catch {
    return body
  }
}
