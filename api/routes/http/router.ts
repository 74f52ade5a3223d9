import { isAscii } from 'node:buffer'
import { randomUUID } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { encode } from '../../model/encode.ts'
import { operations } from '../../model/operations.ts'
import type { Operation } from '../../model/operations.ts'
import { baseUrlOf } from './base-url.ts'
import { bodyLimitOf, isPayload } from './bodies/body-limits.ts'
import { decodeBody } from './bodies/decode-body.ts'
import { answerBrokenHttp, answerError, callersFault, notBuilt, sendError, unknownOperation } from './error-response.ts'
import type { Answer, Handler, Handlers, Input, Output } from './handler.ts'
import { largeBytes, type BodyThread } from './bodies/body-thread.ts'
import { serviceFault } from '../../errors.ts'

export interface RouterDependencies {
  /** Makes the request ids, UUIDs. */
  readonly ids: () => string
  /** Logs internal errors, whose details callers do not see. */
  readonly logError: (line: string, cause: unknown) => void
  /** Reads large bodies; without it all are read on the event loop. */
  readonly bodyThread?: BodyThread
}

/**
 * Fastify's options: labels may be as long as a request's head, clients send trailing slashes, and malformed requests get an
 * error in AWS's format.
 */
export const routerOptions = {
  routerOptions: { ignoreTrailingSlash: true, maxParamLength: 65_536 },
  exposeHeadRoutes: false,
  /** Timeout for receiving a whole request, in milliseconds. */
  requestTimeout: 300_000,
  frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply): void => {
    sendError(callersFault(error, request) ?? serviceFault(), randomUUID(), reply)
  },
  clientErrorHandler: answerBrokenHttp,
}

interface Exchange {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly bodyThread: BodyThread | undefined
}

/** One operation with its handler. */
interface Bound {
  readonly operation: Operation
  readonly handler: Handler | undefined
  /** The query pairs that select this operation and not the other one with the same path. */
  readonly marks: readonly string[]
}

/** Registers every operation of the model, also those without a handler, and the one error handler. */
export function registerRoutes(app: FastifyInstance, handlers: Handlers, dependencies: RouterDependencies): void {
  const { ids, logError, bodyThread } = dependencies
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => {
    done(null, body)
  })
  app.addHook('onRequest', (request, reply, done) => {
    request.id = ids()
    reply.header('x-amzn-requestid', request.id)
    done()
  })
  app.setErrorHandler((error, request, reply) => {
    answerError(error, request, reply, logError)
  })
  app.setNotFoundHandler((request, reply) => {
    sendError(unknownOperation(request), request.id, reply)
  })
  for (const group of Object.values(Object.groupBy(operations, ({ method, path }) => `${method} ${path}`))) {
    if (group !== undefined) registerPath(app, group, handlers, bodyThread)
  }
}

function registerPath(
  app: FastifyInstance,
  group: readonly Operation[],
  handlers: Handlers,
  bodyThread: BodyThread | undefined,
): void {
  const bound = group.map((operation) => bind(operation, handlers[operation.name]))
  const [plain] = bound.toSorted((one, other) => one.marks.length - other.marks.length)
  if (plain === undefined) return
  const marked = bound.filter((each) => each !== plain)
  const { method, path, name } = plain.operation
  app.route({
    method,
    url: path.replaceAll(/\{(\w+)\}/g, ':$1'),
    bodyLimit: bodyLimitOf(name),
    config: { operation: name },
    handler: (request, reply) => {
      const query = queryOf(request.raw.url ?? '')
      const asked = marked.length === 0 || query === '' ? plain : (marked.find((each) => isAsked(each, query)) ?? plain)
      answerOperation(asked, query, { request, reply, bodyThread })
    },
  })
}

function bind(operation: Operation, handler: Handler | undefined): Bound {
  const marks = Object.entries(operation.query ?? {}).map(([key, value]) => `${key}=${value}`)
  return { operation, handler, marks }
}

function isAsked({ marks }: Bound, query: string): boolean {
  const pairs = query.split('&')
  return marks.every((mark) => pairs.includes(mark))
}

function queryOf(url: string): string {
  const mark = url.indexOf('?')
  return mark < 0 ? '' : url.slice(mark + 1)
}

const noBody = Buffer.alloc(0)

function answerOperation({ operation, handler }: Bound, query: string, { request, reply, bodyThread }: Exchange): void {
  if (handler === undefined) throw notBuilt(operation.name)
  const { headers } = request
  const body = Buffer.isBuffer(request.body) ? request.body : noBody
  const raw = { labels: request.params as Record<string, string>, query, headers, body }
  const baseUrl = baseUrlOf(headers, request.protocol)
  const handle = handler as (input: Input, context: Parameters<Handler>[1]) => Promise<Output | Answer>
  const run = (input: Input) => handle(input, { requestId: request.id, baseUrl, headers })
  const isLarge = bodyThread !== undefined && body.length > largeBytes && !isPayload(operation.name)
  const running = isLarge ? bodyThread.decode(operation.name, raw).then(run) : run(decodeBody(operation.name, raw))
  running
    .then((result) => {
      sendAnswer(operation, result, reply)
    })
    .catch((error: unknown) => {
      // Fastify accepts only errors as errors.
      void reply.send(error instanceof Error ? error : new Error('A handler threw what is no error.', { cause: error }))
    })
}

function sendAnswer(operation: Operation, result: Output | Answer, reply: FastifyReply): void {
  // No output of AWS has a member with this name.
  const answer: Partial<Answer> & Pick<Answer, 'output'> = 'output' in result ? (result as Answer) : { output: result }
  const encoded = encode(operation, answer.output)
  const status = answer.status ?? encoded.status
  if (status !== 204) reply.header('content-type', 'application/json')
  reply.code(status).headers(encoded.headers)
  if (answer.headers !== undefined) reply.headers(answer.headers)
  // The serializer prevents Fastify from adding a charset to the content type of a text.
  reply.serializer(asItIs)
  void reply.send(status === 204 ? undefined : (answer.stream ?? inOneWrite(encoded.body)))
}

const asItIs = (body: string): string => body

/** Node.js sends a text and its head in one write, but bytes in two, which costs more than checking a short response. */
function inOneWrite(body: Buffer | undefined): Buffer | string | undefined {
  return body !== undefined && body.length <= 16_384 && isAscii(body) ? body.toString('latin1') : body
}
