import { maxResponseBytes, maxStreamedBytes } from '../protocol/response-limits.ts'
import type { ResponseBody, BodySource, StreamError } from './http/response-body.ts'
import { isCurrent } from './current-invocation.ts'
import { errorTypeOf } from './error-type.ts'
import type { ApiReply, ApiRequest } from './http/http-connection.ts'
import type { RequestHead } from './http/http-head.ts'
import { sendAccepted, sendError, sendInvalidTransition } from './http/replies.ts'
import type { RuntimeResponse, RuntimeEvents } from './runtime-events.ts'

const limit = String(maxResponseBytes)
const truncated = 'HTTP request detected as truncated'

/** The consumer of a streamed response's body; undefined when the body is buffered or the request will be refused. */
export function streamedResponse(
  events: RuntimeEvents,
  { headers }: RequestHead,
  source: BodySource,
  id: string,
): ResponseBody | undefined {
  const mode = headers.get('lambda-runtime-function-response-mode')
  if (mode?.toLowerCase() !== 'streaming' || events.currentId() !== id) return undefined
  return events.onStream(headers.get('content-type') ?? 'application/octet-stream', source)
}

/** The function's result, whole or streamed; the error of a stream comes in its trailers. */
export function invocationResponse(events: RuntimeEvents, request: ApiRequest, reply: ApiReply, id: string): void {
  if (request.stream !== undefined) return endStream(request.stream, request, reply)
  if (!isCurrent(events, reply, id)) return
  if (events.state() !== 'Running') return sendInvalidTransition(reply, events.state(), 'InvocationResponse')
  const mode = request.headers.get('lambda-runtime-function-response-mode')
  if (mode !== undefined && mode.toLowerCase() !== 'streaming') return refuseMode(events, reply)
  if (request.isTruncated) return refuseTruncated(events, reply, mode !== undefined)
  if (request.isTooLarge) return refuseSize(events, reply)
  events.onResponse(responseOf(request))
  sendAccepted(reply)
}

function responseOf(request: ApiRequest): RuntimeResponse {
  const { headers, trailers, body } = request
  const error = errorIn(trailers)
  if (error === undefined) return { body, contentType: headers.get('content-type') ?? 'application/json' }
  return { body: error.body, contentType: 'application/json', errorType: errorTypeOf(error.errorType) }
}

function endStream(stream: ResponseBody, { trailers, isTruncated }: ApiRequest, reply: ApiReply): void {
  if (isTruncated) {
    stream.breakOff()
    return sendError(reply, '400 Bad Request', 'TruncatedHTTPRequest', truncated)
  }
  stream.finish(errorIn(trailers))
  if (stream.isTooLarge) sendTooLarge(reply, maxStreamedBytes)
  else sendAccepted(reply)
}

function errorIn(trailers: ReadonlyMap<string, string>): StreamError | undefined {
  const errorType = trailers.get('lambda-runtime-function-error-type')
  if (errorType === undefined) return undefined
  return { errorType, body: Buffer.from(trailers.get('lambda-runtime-function-error-body') ?? '', 'base64') }
}

function refuseMode(events: RuntimeEvents, reply: ApiReply): void {
  const errorMessage = 'Invalid function response mode'
  events.onResponse(
    failure({ errorType: 'Runtime.InvalidResponseModeHeader', errorMessage }, 'Runtime.InvalidResponseModeHeader'),
  )
  sendError(reply, '400 Bad Request', 'InvalidFunctionResponseMode', errorMessage)
}

/** A stream that broke off is a failed response; any other truncated request may be retried. */
function refuseTruncated(events: RuntimeEvents, reply: ApiReply, isStream: boolean): void {
  const errorMessage = truncated
  if (isStream) {
    events.onResponse(failure({ errorType: 'Runtime.TruncatedResponse', errorMessage }, 'Runtime.TruncatedResponse'))
  }
  sendError(reply, '400 Bad Request', 'TruncatedHTTPRequest', errorMessage)
}

function refuseSize(events: RuntimeEvents, reply: ApiReply): void {
  const errorType = 'Function.ResponseSizeTooLarge'
  const errorMessage = `Response payload size exceeded maximum allowed payload size (${limit} bytes).`
  events.onResponse(failure({ errorMessage, errorType }, errorType))
  sendTooLarge(reply, maxResponseBytes)
}

function sendTooLarge(reply: ApiReply, limitBytes: number): void {
  const refusal = `Exceeded maximum allowed payload size (${String(limitBytes)} bytes).`
  sendError(reply, '413 Request Entity Too Large', 'RequestEntityTooLarge', refusal)
}

function failure(error: Readonly<Record<string, string>>, errorType: string): RuntimeResponse {
  return { body: Buffer.from(JSON.stringify(error)), contentType: 'application/json', errorType }
}
