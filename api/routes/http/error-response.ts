import { randomUUID } from 'node:crypto'
import type { Socket } from 'node:net'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { invalidRequestContent, kinds, LambdaError, serialization, serviceFault } from '../../errors.ts'
import type { OperationName } from '../../model/operations.ts'
import { bodyTooLarge } from './bodies/body-limits.ts'

/** Writes an exception as AWS does: status, `x-amzn-ErrorType`, and a body of Reason, Type and message, in this order. */
export function sendError(error: LambdaError, requestId: string, reply: FastifyReply): void {
  // A client that is still sending would see a reset instead of the response, so the rest of its request is read and discarded.
  if (error.status === 413) reply.removeHeader('connection')
  const { status, headers, body } = errorParts(error, requestId)
  void reply.code(status).headers(headers).send(body)
}

/** Seconds after which a throttled caller may retry; AWS models the header without a number (reference 1.3). */
const retryAfterSeconds = '1'

/** Throttles that AWS answers without that header: those by the function's own concurrency. */
const withoutRetryAfter = 'ReservedFunctionConcurrentInvocationLimitExceeded'

/**
 * Status, headers and body for an exception. The body is bytes, since Fastify adds a charset to the content type of texts and
 * AWS has none.
 */
export function errorParts(error: LambdaError, requestId: string) {
  return {
    status: error.status,
    headers: {
      'content-type': 'application/json',
      'x-amzn-requestid': requestId,
      'x-amzn-errortype': error.name,
      ...(error.status === 429 && error.members['Reason'] !== withoutRetryAfter
        ? { 'retry-after': retryAfterSeconds }
        : {}),
    },
    body: Buffer.from(
      JSON.stringify({ ...error.members, [error.capitalMessage ? 'Message' : 'message']: error.message }),
    ),
  }
}

/** The exception that a caller sees for a thrown error; undefined for internal errors. */
export function callersFault(error: unknown, request: FastifyRequest): LambdaError | undefined {
  if (error instanceof LambdaError) return error
  return transportFault(error, request)
}

/** Faults that Fastify and the socket detect before a handler runs. */
function transportFault(error: unknown, request: FastifyRequest): LambdaError | undefined {
  const { code } = marksOf(error)
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return tooLarge(request)
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new LambdaError(kinds.unsupportedMediaType, 'The content type is not application/json')
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return invalidRequestContent('The body has another length than its Content-Length says')
    case 'FST_ERR_BAD_URL':
    case 'FST_ERR_MAX_PARAM_LENGTH':
    case 'FST_ERR_ASYNC_CONSTRAINT':
      return serialization('The request URI is not well-formed')
    case 'FST_ERR_ROUTE_MISSING_CONTENT_TYPE':
      return unknownOperation(request)
    case 'ECONNRESET':
      return marksOf(error).statusCode === 400
        ? invalidRequestContent('The connection closed before the body was whole')
        : undefined
    default:
      return undefined
  }
}

/**
 * How Fastify and Node.js mark an error. A status of 400 on a broken connection says that it broke while the body was read;
 * other connections, which a handler uses, break too.
 */
function marksOf(error: unknown): { readonly code?: unknown; readonly statusCode?: unknown } {
  return typeof error === 'object' && error !== null ? error : {}
}

function tooLarge(request: FastifyRequest): LambdaError {
  const { operation } = request.routeOptions.config as { operation?: OperationName }
  if (operation === undefined) return unknownOperation(request)
  const length = Number(request.headers['content-length'])
  const type = request.headers['x-amz-invocation-type'] === 'Event' ? 'Event' : 'RequestResponse'
  return bodyTooLarge(operation, Number.isSafeInteger(length) ? length : undefined, type)
}

/** Other APIs that AWS serves on Lambda's host, signed for `lambda` too, by the date that their paths begin with. */
const otherApis: ReadonlyMap<string, string> = new Map([
  ['2025-03-07', 'lambda-web'],
  ['2025-09-09', 'lambda-microvms'],
  ['2026-04-30', 'lambda-core'],
])

/** The error for a method and path without an operation. */
export function unknownOperation(request: FastifyRequest): LambdaError {
  const path = request.url.split('?')[0]?.slice(0, 200) ?? ''
  const date = path.split('/', 2)[1] ?? ''
  const api = otherApis.get(date)
  if (api !== undefined) {
    const text = `${request.method} ${path} is of the API ${api} (${date}), which kubelambda does not serve. It serves the Lambda API of 2015-03-31.`
    return new LambdaError(kinds.unknownOperation, text, {})
  }
  return new LambdaError(kinds.unknownOperation, `The Lambda API has no operation at ${request.method} ${path}`, {})
}

/** The error for an operation that is not implemented. */
export function notBuilt(operation: OperationName): LambdaError {
  return new LambdaError(kinds.notImplemented, `kubelambda does not support ${operation} yet.`, { type: 'Service' })
}

/** Responds to the caller's errors. Internal errors are logged here and nowhere else, and their details are not sent. */
export function answerError(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  log: (line: string, cause: unknown) => void,
): void {
  const fault = callersFault(error, request)
  if (fault === undefined) log(`${request.method} ${request.url} failed; request ${request.id}`, error)
  sendError(fault ?? serviceFault(), request.id, reply)
}

const refusals: ReadonlyMap<string, string> = new Map([
  ['ERR_HTTP_REQUEST_TIMEOUT', '408 Request Timeout'],
  ['HPE_HEADER_OVERFLOW', '431 Request Header Fields Too Large'],
])

/** Responds to bytes that are not HTTP, and closes the connection. */
export function answerBrokenHttp(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return
  if (!socket.writable) {
    socket.destroy()
    return
  }
  const status = refusals.get(error.code ?? '') ?? '400 Bad Request'
  const body = '{"message":"The request is not well-formed HTTP."}'
  const head = [
    `HTTP/1.1 ${status}`,
    'Content-Type: application/json',
    `Content-Length: ${String(body.length)}`,
    'x-amzn-ErrorType: SerializationException',
    `x-amzn-RequestId: ${randomUUID()}`,
    'Connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}
