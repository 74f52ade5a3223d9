import type { IncomingMessage } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Caller } from '../../authentication/verifier.ts'
import { kinds, LambdaError, serviceFault } from '../../errors.ts'
import type { Home } from '../../functions/function/arn.ts'
import type { Catalogue } from '../../functions/catalogue/catalogue.ts'
import type { Documents } from '../../functions/catalogue/documents.ts'
import { findFunctionUrl, type FoundFunctionUrl } from '../../functions/function-urls/function-url.ts'
import type { Invoke } from '../../invoke/invoke.ts'
import { checkPayload } from '../../invoke/payload.ts'
import { traceHeader } from '../../invoke/trace-header.ts'
import { bodyOf, openRoute } from '../http/authentication.ts'
import { anyOrigin } from '../http/browser-requests.ts'
import { callersFault, sendError } from '../http/error-response.ts'
import { authorizeUrlCall, urlForbidden, type UrlAuthorization } from './url-authorization.ts'
import { bufferedUrlAnswer, internalServerError, streamedUrlAnswer, type UrlAnswer } from './url-response.ts'
import { answerHeaders, isPreflight, preflightHeaders } from './url-cors.ts'
import { sandboxed } from './url-sandbox.ts'
import { functionUrlEvent, type UrlRequest } from './url-event.ts'
import { addressedUrl } from './url-address.ts'

export interface FunctionUrlServerDependencies extends Home, UrlAuthorization {
  readonly catalogue: Pick<Catalogue, 'find'>
  readonly documents: Pick<Documents, 'find'>
  readonly invoke: Pick<Invoke, 'run' | 'stream'>
  /** Epoch milliseconds. */
  readonly now: () => number
  /** Logs internal errors, whose details callers do not see. */
  readonly logError: (line: string, cause: unknown) => void
}

const urlRoute = '/function-url'
const bodyLimit = 6_291_456
const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const

/** Routes requests to function URLs to their handler: by their host whatever their path, or by the start of their path. */
export function rewriteFunctionUrl({ headers, url = '/' }: IncomingMessage): string {
  return addressedUrl(headers.host, url) === undefined ? url : urlRoute
}

/**
 * Serves function URLs.
 *
 * 1. find     the config behind the id of host or path; 403 when there is none   url-address.ts
 * 2. allow    preflights are answered here; by signature and policy             url-cors.ts, url-authorization.ts
 * 3. invoke   with the request as an event of format 2.0                         url-event.ts
 * 4. answer   what the function returned, as HTTP                                url-response.ts
 */
export function registerFunctionUrls(app: FastifyInstance, dependencies: FunctionUrlServerDependencies): void {
  app.route({
    method: [...methods],
    url: urlRoute,
    bodyLimit,
    config: { ...openRoute, ...anyOrigin },
    errorHandler: (error, request, reply) => sendError(tooLarge(error) ?? faultOf(error, request), request.id, reply),
    handler: async (request, reply) => {
      const addressed = addressedUrl(request.headers.host, request.originalUrl)
      const found = addressed && (await findFunctionUrl(dependencies, addressed.urlId))
      if (addressed === undefined || found === undefined) return sendUnknown(request, reply)
      if (found === 'closed') throw urlForbidden()
      const { config } = found
      const { origin } = request.headers
      if (config.cors !== undefined && origin !== undefined && isPreflight(request.method, request.headers)) {
        return reply.code(200).headers(preflightHeaders(config.cors, origin)).send()
      }
      const caller = await authorizeUrlCall(dependencies, request, found)
      const answer = await run(dependencies, { request, reply, caller, url: addressed.url }, found)
      if (answer === undefined) return reply
      const cors = config.cors && origin ? answerHeaders(config.cors, origin) : {}
      send(reply, addressed.isPath ? sandboxed(answer) : answer, cors)
      return reply
    },
  })
}

interface Call {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  /** Who signed it; undefined where nobody needs to. */
  readonly caller: Caller | undefined
  /** Path and query as the function sees them. */
  readonly url: string
}

/** Runs the function; undefined if an error response was already sent. */
async function run(
  { invoke, accountId, now, logError }: FunctionUrlServerDependencies,
  { request, reply, caller, url }: Call,
  { target, config }: FoundFunctionUrl,
): Promise<UrlAnswer | undefined> {
  const { urlId, invokeMode } = config
  const given = request.headers['x-amzn-trace-id']
  const traceId = traceHeader(typeof given === 'string' ? given : undefined, now())
  reply.header('x-amzn-trace-id', /Root=[^;]+/i.exec(traceId)?.[0])
  const context = { urlId, accountId, caller, requestId: request.id, traceId, nowMs: now() }
  const event = functionUrlEvent(requestOf(request, url), context)
  try {
    const payload = checkPayload(Buffer.from(JSON.stringify(event)), 'RequestResponse')
    const { functionName: name, alias } = target
    const reference = alias === undefined ? { name } : { name, qualifier: alias }
    const invocation = { reference, requestId: request.id, payload, tail: false, traceId }
    if (invokeMode === 'BUFFERED') return bufferedUrlAnswer(await invoke.run(invocation))
    const answer = await invoke.stream(invocation)
    answer.end.catch((cause: unknown) => logError(`The answer to request ${request.id} broke off`, cause))
    return await streamedUrlAnswer(answer)
  } catch (error) {
    if (!(error instanceof LambdaError)) {
      logError(`A function URL of ${target.functionName} failed; request ${request.id}`, error)
      return internalServerError()
    }
    if (error.status === 404) sendError(urlForbidden(), request.id, reply)
    else if (error.status === 429 || error.status === 413) sendError(error, request.id, reply)
    else return internalServerError()
    return undefined
  }
}

function requestOf(request: FastifyRequest, url: string): UrlRequest {
  const { raw } = request
  const host = request.headers.host ?? ''
  const isSecure = request.protocol === 'https'
  return {
    method: request.method,
    url,
    httpVersion: raw.httpVersion,
    rawHeaders: raw.rawHeaders,
    body: bodyOf(request),
    sourceIp: request.ip,
    protocol: request.protocol,
    port: /:(\d+)$/.exec(host)?.[1] ?? (isSecure ? '443' : '80'),
  }
}

function send(reply: FastifyReply, { status, headers, body }: UrlAnswer, cors: Readonly<Record<string, string>>): void {
  reply.code(status)
  for (const [name, value] of headers) reply.header(name, value)
  void reply.headers(cors).send(body)
}

function sendUnknown(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  // Only function URLs are served here.
  return reply
    .code(403)
    .header('x-amzn-errortype', kinds.accessDenied.name)
    .header('content-type', 'application/json')
    .header('x-amzn-requestid', request.id)
    .send(Buffer.from('{"Message":null}'))
}

function tooLarge(error: unknown): LambdaError | undefined {
  const isTooLarge = (error as { code?: unknown }).code === 'FST_ERR_CTP_BODY_TOO_LARGE'
  return isTooLarge ? new LambdaError(kinds.requestTooLarge, 'Request Entity Too Large') : undefined
}

function faultOf(error: unknown, request: FastifyRequest): LambdaError {
  return callersFault(error, request) ?? serviceFault()
}
