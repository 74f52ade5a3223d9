import { maxResponseBytes } from '../protocol.ts'
import { errorTypeOf } from './error-type.ts'
import type { ApiReply, ApiRequest } from './http-connection.ts'
import { isCurrent, sendAccepted, sendError, sendInvalidTransition } from './replies.ts'
import type { Answer, RuntimeEvents } from './runtime-events.ts'

const limit = String(maxResponseBytes)

/** The function's result, whole or streamed; the error of a stream comes in its trailers. */
export function invocationResponse(events: RuntimeEvents, request: ApiRequest, reply: ApiReply, id: string): void {
  if (!isCurrent(events, reply, id)) return
  if (events.state() !== 'Running') return sendInvalidTransition(reply, events.state(), 'InvocationResponse')
  const mode = request.headers.get('lambda-runtime-function-response-mode')
  if (mode !== undefined && mode.toLowerCase() !== 'streaming') return refuseMode(events, reply)
  if (request.isTruncated) return refuseTruncated(events, reply, mode !== undefined)
  if (request.isTooLarge) return refuseSize(events, reply)
  events.onAnswer(answerOf(request))
  sendAccepted(reply)
}

function answerOf(request: ApiRequest): Answer {
  const { headers, trailers, body } = request
  const errorType = trailers.get('lambda-runtime-function-error-type')
  if (errorType === undefined) return { body, contentType: headers.get('content-type') ?? 'application/json' }
  const errorBody = Buffer.from(trailers.get('lambda-runtime-function-error-body') ?? '', 'base64')
  return { body: errorBody, contentType: 'application/json', errorType: errorTypeOf(errorType) }
}

function refuseMode(events: RuntimeEvents, reply: ApiReply): void {
  const errorMessage = 'Invalid function response mode'
  events.onAnswer(
    failure({ errorType: 'Runtime.InvalidResponseModeHeader', errorMessage }, 'Runtime.InvalidResponseModeHeader'),
  )
  sendError(reply, '400 Bad Request', 'InvalidFunctionResponseMode', errorMessage)
}

/** A stream that broke off is an answer that failed; any other broken request may be sent again. */
function refuseTruncated(events: RuntimeEvents, reply: ApiReply, isStream: boolean): void {
  const errorMessage = 'HTTP request detected as truncated'
  if (isStream) {
    events.onAnswer(failure({ errorType: 'Runtime.TruncatedResponse', errorMessage }, 'Runtime.TruncatedResponse'))
  }
  sendError(reply, '400 Bad Request', 'TruncatedHTTPRequest', errorMessage)
}

function refuseSize(events: RuntimeEvents, reply: ApiReply): void {
  const errorType = 'Function.ResponseSizeTooLarge'
  const errorMessage = `Response payload size exceeded maximum allowed payload size (${limit} bytes).`
  events.onAnswer(failure({ errorMessage, errorType }, errorType))
  const refusal = `Exceeded maximum allowed payload size (${limit} bytes).`
  sendError(reply, '413 Request Entity Too Large', 'RequestEntityTooLarge', refusal)
}

function failure(error: Readonly<Record<string, string>>, errorType: string): Answer {
  return { body: Buffer.from(JSON.stringify(error)), contentType: 'application/json', errorType }
}
