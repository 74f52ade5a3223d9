import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { accountConcurrencyExceeded, functionNotFound, reservedConcurrencyExceeded } from '../../errors.ts'
import { operations } from '../../model/operations.ts'
import type { OperationName } from '../../model/operations.ts'
import { draftOf, render } from '../../model/testing/request-draft.ts'
import { sampleInput } from '../../model/testing/samples.ts'
import { Answer } from './handler.ts'
import type { Handlers, Input, RequestContext } from './handler.ts'
import { registerRoutes, routerOptions } from './router.ts'

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const invocations = '/2015-03-31/functions/echo/invocations'
const faults: unknown[] = []
const asked: { name: OperationName; input: Input; context: RequestContext }[] = []
let app: FastifyInstance

function build(special: Handlers = {}): FastifyInstance {
  const recorders = operations.map(({ name }) => {
    const handler = (input: Input, context: RequestContext) => {
      asked.push({ name, input, context })
      return Promise.resolve({})
    }
    return [name, handler]
  })
  const built = Fastify(routerOptions)
  const logError = (_: string, cause: unknown) => faults.push(cause)
  registerRoutes(built, { ...(Object.fromEntries(recorders) as Handlers), ...special }, { ids: randomUUID, logError })
  return built
}

async function answering(special: Handlers): Promise<void> {
  await app.close()
  app = build(special)
}

beforeEach(() => {
  faults.length = 0
  asked.length = 0
  app = build()
})

afterEach(() => app.close())

describe('a body that nests too deep', () => {
  const deep = (levels: number) => `{"Description":"a","Other":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`

  test('is refused before it is parsed, whatever its size', async () => {
    const url = '/2015-03-31/functions/echo/configuration'
    expect((await app.inject({ method: 'PUT', url, payload: deep(1000) })).statusCode).toBe(200)
    const parse = jest.spyOn(JSON, 'parse')
    for (const payload of [deep(1001), `{"x":${'['.repeat(6_000_000)}`]) {
      const answer = await app.inject({ method: 'PUT', url, payload })
      expect([answer.statusCode, answer.headers['x-amzn-errortype']]).toEqual([400, 'InvalidRequestContentException'])
    }
    expect(parse).not.toHaveBeenCalled()
    parse.mockRestore()
  })
})

describe('ways in', () => {
  test.each(operations)('$name gets the input from the right parts of the request', async (operation) => {
    const { method, url, headers, body } = render(draftOf(operation), '')
    const answer = await app.inject({ method: method as 'GET', url, headers: { ...headers }, payload: body })
    expect(answer.headers['x-amzn-requestid']).toMatch(uuid)
    expect(answer.headers['x-amzn-errortype']).toBeUndefined()
    const sent = sampleInput(operation)
    for (const [name, value] of Object.entries(sent)) {
      const isRaw = Buffer.isBuffer(value) && !('Code' in sent) && operation.name !== 'UpdateFunctionCode'
      if (isRaw) sent[name] = Buffer.from('{}')
    }
    expect(asked).toEqual([{ name: operation.name, input: sent, context: expect.anything() }])
  })

  test.each([
    ['/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Aecho/invocations', 'Invoke'],
    ['/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:echo/invocations/', 'Invoke'],
  ])('%s carries an ARN', async (url, name) => {
    await app.inject({ method: 'POST', url, payload: '{}' })
    expect(asked).toMatchObject([
      { name, input: { FunctionName: 'arn:aws:lambda:us-east-1:000000000000:function:echo' } },
    ])
  })

  test('a label is decoded once, with its slashes', async () => {
    const arn = 'arn:aws:lambda:us-east-1:123456789012:function:f:1/durable-execution/name/id'
    await app.inject({ url: `/2025-12-01/durable-executions/${encodeURIComponent(arn)}/history` })
    expect(asked).toMatchObject([{ name: 'GetDurableExecutionHistory', input: { DurableExecutionArn: arn } }])
    const answer = await app.inject({ url: '/2015-03-31/functions/a%252Fb' })
    expect(answer.json()).toMatchObject({ message: expect.stringContaining("Value 'a%2Fb' at 'functionName'") })
  })

  test('operations of one path are told apart by the query, wherever it stands', async () => {
    const arn = encodeURIComponent('arn:aws:lambda:us-east-1:123456789012:layer:l:1')
    await app.inject({ url: `/2018-10-31/layers?Arn=${arn}&find=LayerVersion` })
    await app.inject({ url: '/2018-10-31/layers?MaxItems=3' })
    await app.inject({ url: '/2018-10-31/layers/?find=Other' })
    expect(asked.map(({ name }) => name)).toEqual(['GetLayerVersionByArn', 'ListLayers', 'ListLayers'])
  })

  test('the handler gets the request id that the caller gets, and the base URL', async () => {
    const answer = await app.inject({ method: 'POST', url: invocations, headers: { host: 'lambda.test:9000' } })
    expect(asked[0]?.context).toMatchObject({
      requestId: answer.headers['x-amzn-requestid'],
      baseUrl: 'http://lambda.test:9000',
      headers: { host: 'lambda.test:9000' },
    })
  })
})

describe('answers', () => {
  test('an output is JSON of the plain content type', async () => {
    await answering({ GetAccountSettings: () => Promise.resolve({ AccountUsage: { FunctionCount: 2 }, Unknown: 1 }) })
    const answer = await app.inject({ url: '/2016-08-19/account-settings' })
    expect(answer.statusCode).toBe(200)
    expect(answer.headers['content-type']).toBe('application/json')
    expect(answer.body).toBe('{"AccountUsage":{"FunctionCount":2}}')
  })

  test('an Answer sets status and headers', async () => {
    const headers = { 'x-amzn-trace-id': 'root=1' }
    await answering({ Invoke: () => Promise.resolve(new Answer({}, { status: 202, headers })) })
    const answer = await app.inject({ method: 'POST', url: invocations })
    expect(answer.statusCode).toBe(202)
    expect(answer.headers).toMatchObject({ 'x-amzn-trace-id': 'root=1', 'content-length': '0' })
  })

  test('a deleted function is 204 without a body', async () => {
    const answer = await app.inject({ method: 'DELETE', url: '/2015-03-31/functions/f' })
    expect([answer.statusCode, answer.body, answer.headers['content-type']]).toEqual([204, '', undefined])
  })
})

describe('errors', () => {
  test('an exception has its status, its type header and its body', async () => {
    await answering({
      GetFunction: () => Promise.reject(functionNotFound('arn')),
      Invoke: () => Promise.reject(accountConcurrencyExceeded()),
    })
    const missing = await app.inject({ url: '/2015-03-31/functions/f' })
    expect(missing.statusCode).toBe(404)
    expect(missing.headers).toMatchObject({
      'x-amzn-errortype': 'ResourceNotFoundException',
      'content-type': 'application/json',
    })
    expect(missing.body).toBe('{"Type":"User","Message":"Function not found: arn"}')
    const throttled = await app.inject({ method: 'POST', url: invocations })
    expect(throttled.statusCode).toBe(429)
    expect(throttled.headers['retry-after']).toBe('1')
    expect(throttled.body).toBe(
      '{"Reason":"ConcurrentInvocationLimitExceeded","Type":"User","message":"Rate Exceeded."}',
    )
  })

  test('a throttle by the function’s own concurrency does not say when to retry', async () => {
    await answering({ Invoke: () => Promise.reject(reservedConcurrencyExceeded()) })
    const throttled = await app.inject({ method: 'POST', url: invocations })
    expect([throttled.statusCode, throttled.headers['retry-after']]).toEqual([429, undefined])
  })

  test.each([new Error('the inside'), Object.assign(new Error('the inside'), { statusCode: 418 }), 'no error'])(
    'an internal error is logged once, and its details are not sent',
    async (fault) => {
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- a fault may be anything
      await answering({ GetFunction: () => Promise.reject(fault) })
      const answer = await app.inject({ url: '/2015-03-31/functions/f' })
      expect(answer.statusCode).toBe(500)
      expect(answer.headers['x-amzn-errortype']).toBe('ServiceException')
      expect(answer.json()).toEqual({ Type: 'Service', Message: expect.not.stringContaining('inside') })
      expect(faults).toHaveLength(1)
    },
  )

  test('an operation that is not implemented is refused with its name', async () => {
    const bare = Fastify(routerOptions)
    registerRoutes(bare, {}, { ids: randomUUID, logError: () => undefined })
    const answer = await bare.inject({ method: 'POST', url: '/2018-10-31/layers/l/versions', payload: '{' })
    await bare.close()
    expect(answer.statusCode).toBe(501)
    expect(answer.body).toBe('{"Type":"Service","message":"kubelambda does not support PublishLayerVersion yet."}')
  })

  test.each([
    ['GET', '/', 404, 'UnknownOperationException'],
    ['PATCH', '/2015-03-31/functions/f', 404, 'UnknownOperationException'],
    ['GET', '/2015-03-31/functions/%ZZ', 400, 'SerializationException'],
    ['GET', '/2015-03-31/functions/%FF', 400, 'SerializationException'],
    ['POST', '/2015-03-31/functions', 400, 'ValidationException'],
  ] as const)('%s %s is %d', async (method, url, status, type) => {
    const answer = await app.inject({ method, url })
    expect([answer.statusCode, answer.headers['x-amzn-errortype']]).toEqual([status, type])
    expect(answer.headers['x-amzn-requestid']).toMatch(uuid)
  })

  test('a body that is no JSON is refused with what is wrong and where', async () => {
    const answer = await app.inject({ method: 'POST', url: '/2015-03-31/functions', payload: '{"Role":}' })
    expect(answer.headers['x-amzn-errortype']).toBe('InvalidRequestContentException')
    expect(answer.json()).toEqual({
      Type: 'User',
      message: expect.stringMatching(
        /^Could not parse request body into json: Unexpected character \('\}' \(code 125\)\): expected a value\n at \[Source: REDACTED .*; line: 1, column: 9\]$/,
      ),
    })
  })

  test('bodies over the limits are 413', async () => {
    const invoke = await app.inject({ method: 'POST', url: invocations, payload: Buffer.alloc(6_291_557) })
    expect([invoke.statusCode, invoke.headers['x-amzn-errortype']]).toEqual([413, 'RequestTooLargeException'])
    expect(invoke.body).toBe(
      '{"Type":"User","message":"6291557 byte payload is too large for the RequestResponse invocation type (limit 6291456 bytes)"}',
    )
    const create = await app.inject({ method: 'POST', url: '/2015-03-31/functions', payload: Buffer.alloc(70_167_211) })
    expect([create.statusCode, create.headers['x-amzn-errortype']]).toEqual([413, 'RequestEntityTooLargeException'])
    expect(create.body).toBe(
      '{"message":"Request must be smaller than 70167211 bytes for the CreateFunction operation"}',
    )
  })
})

describe('the wire', () => {
  /** Sends bytes and returns everything received. */
  async function exchange(text: string, end = true): Promise<string> {
    if (!app.server.listening) await app.listen({ port: 0, host: '127.0.0.1' })
    const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1')
    const pieces: Buffer[] = []
    socket.on('data', (piece: Buffer) => pieces.push(piece))
    if (end) socket.end(text)
    else socket.write(text)
    await once(socket, 'close')
    return Buffer.concat(pieces).toString()
  }

  test.each(['no HTTP at all\r\n\r\n', `POST ${invocations} HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n`])(
    'bytes that are no HTTP are 400 without a stack: %j',
    async (text) => {
      const answer = await exchange(text, false)
      expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/)
      expect(answer).toMatch(/\r\nx-amzn-RequestId: [0-9a-f-]{36}\r\n/)
      expect(answer).toMatch(/\r\n\r\n\{"message":"The request is not well-formed HTTP\."\}$/)
    },
  )

  test('a head that is too large is 431', async () => {
    const answer = await exchange(`GET / HTTP/1.1\r\nHost: a\r\nX-Long: ${'y'.repeat(20_000)}\r\n\r\n`, false)
    expect(answer).toMatch(/^HTTP\/1\.1 431 /)
  })

  test('a caller that disconnects within its body causes no internal error, and others are served', async () => {
    await exchange(`POST ${invocations} HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nab`)
    const answer = await exchange(
      `POST ${invocations} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}`,
      false,
    )
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
    expect(faults).toEqual([])
    expect(asked).toHaveLength(1)
  })

  test('a caller that sends too much gets its response before the connection ends', async () => {
    await app.listen({ port: 0, host: '127.0.0.1' })
    const port = String((app.server.address() as AddressInfo).port)
    const answer = await fetch(`http://127.0.0.1:${port}${invocations}`, {
      method: 'POST',
      body: Buffer.alloc(20_000_000),
    })
    expect([answer.status, answer.headers.get('x-amzn-errortype')]).toEqual([413, 'RequestTooLargeException'])
  })
})

test.each([
  ['lambda-web', '/2025-03-07/anything'],
  ['lambda-microvms', '/2025-09-09/microvms/one'],
  ['lambda-core', '/2026-04-30/functions?a=b'],
])('a request for the API %s is told which API it is for and that it is not served', async (api, url) => {
  const answer = await app.inject({ method: 'POST', url, payload: '{' })
  expect([answer.statusCode, answer.headers['x-amzn-errortype']]).toEqual([404, 'UnknownOperationException'])
  expect(answer.json()).toEqual({
    message: expect.stringMatching(`is of the API ${api} \\(.*\\), which kubelambda does not serve`),
  })
})
