import { randomUUID } from 'node:crypto'
import Fastify, { type FastifyInstance, type InjectOptions } from 'fastify'
import { afterEach, describe, expect, test } from '@jest/globals'
import { accountConcurrencyExceeded, functionNotFound } from '../../errors.ts'
import type { FunctionUrlConfig, PolicyStatement } from '../../functions/function/attached-settings.ts'
import { fakeCatalogue } from '../../functions/catalogue/catalogue.fake.ts'
import { fakeDocuments } from '../../functions/catalogue/documents.fake.ts'
import { urlKey } from '../../functions/function-urls/function-url.ts'
import { aFunction } from '../../functions/testing/samples.ts'
import type { InvokeAnswer, InvokeRequest } from '../../invoke/invoke.ts'
import { streamAnswer } from '../../invoke/streamed-answer.ts'
import { addressedUrl } from './url-address.ts'
import { registerFunctionUrls, rewriteFunctionUrl } from './url-server.ts'
import { registerRoutes, routerOptions } from '../http/router.ts'

const host = 'abc.lambda-url.us-east-1.localhost:9000'
const prelude = 'application/vnd.awslambda.http-integration-response'
let app: FastifyInstance | undefined
afterEach(() => app?.close())

const forAll = { id: 'all', action: 'lambda:InvokeFunctionUrl', principal: '*', urlAuthType: 'NONE' }

/** A server whose function URL `abc` answers what the test's function does with the request. */
async function serve(
  run: (request: InvokeRequest) => unknown,
  config: Partial<FunctionUrlConfig> = {},
  policy: readonly PolicyStatement[] = [forAll],
) {
  const [catalogue, documents, faults] = [fakeCatalogue(), fakeDocuments(), [] as unknown[]]
  const dates = { createdMs: 0, lastModifiedMs: 0 }
  const url: FunctionUrlConfig = { urlId: 'abc', authType: 'NONE', invokeMode: 'BUFFERED', ...dates, ...config }
  await documents.save(urlKey('abc'), { functionName: 'f' }, 0)
  const attached = { url: { $LATEST: url }, policy: { '': policy } }
  await catalogue.save({ record: { ...aFunction('f'), attached }, expectedRevision: 0 })
  const answer = async (request: InvokeRequest): Promise<InvokeAnswer> => {
    const value = run(request)
    const isAnswer = typeof value === 'object' && value !== null && 'payload' in value
    const json = { payload: Buffer.from(JSON.stringify(value)), contentType: 'application/json' }
    return { ...(isAnswer ? (value as InvokeAnswer) : json), executedVersion: '$LATEST' }
  }
  const invoke = {
    run: answer,
    stream: async (request: InvokeRequest) => ({
      ...(await streamAnswer(() => answer(request))),
      executedVersion: '$LATEST',
    }),
  }
  const made = Fastify({ ...routerOptions, rewriteUrl: rewriteFunctionUrl })
  app = made
  const logError = (_line: string, cause: unknown) => void faults.push(cause)
  registerRoutes(made, {}, { ids: randomUUID, logError })
  const home = { accountId: '000000000000', region: 'us-east-1' }
  registerFunctionUrls(made, { ...home, catalogue, documents, invoke, verifier: undefined, now: () => 0, logError })
  const call = (options: InjectOptions = {}) =>
    made.inject({ method: 'GET', url: '/', ...options, headers: { host, ...options.headers } })
  return { call, faults }
}

const eventOf = ({ payload }: InvokeRequest) => JSON.parse(Buffer.from(payload).toString()) as Record<string, unknown>
const answered = (text: string | Buffer, contentType: string) => ({ payload: Buffer.from(text), contentType })

describe('a function URL', () => {
  test('takes every path and method, also those of the API', async () => {
    const { call } = await serve(eventOf)
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const) {
      const answer = await call({ method, url: '/2015-03-31/functions?MaxItems=x' })
      expect(answer.json()).toMatchObject({ rawPath: '/2015-03-31/functions', requestContext: { http: { method } } })
    }
    expect((await call({ url: '/health' })).json()).toMatchObject({ rawPath: '/health' })
  })

  test('is not found under its own route on another host', async () => {
    const { call } = await serve(() => 'never')
    const answer = await call({ url: '/function-url', headers: { host: 'localhost:9000' } })
    expect([answer.statusCode, answer.body]).toEqual([403, '{"Message":null}'])
  })

  test('is served by path on any host, and its function sees the path behind the id', async () => {
    const { call } = await serve(eventOf)
    const path = { headers: { host: '127.0.0.1:9000', cookie: 'a=1' } }
    const event = (await call({ ...path, url: '/_kubelambda/url/abc/a%20b/c?q=a%2Bb' })).json()
    expect(event).toMatchObject({ rawPath: '/a%20b/c', rawQueryString: 'q=a%2Bb', cookies: ['a=1'] })
    const { domainName, domainPrefix, apiId, http } = event.requestContext
    expect([domainName, domainPrefix, apiId, http.path]).toEqual(['127.0.0.1', 'abc', 'abc', '/a b/c'])
    for (const url of ['/_kubelambda/url/abc', '/_kubelambda/url/abc/'])
      expect((await call({ ...path, url })).json()).toMatchObject({ rawPath: '/' })
    const unknown = await call({ ...path, url: '/_kubelambda/url/xyz/' })
    expect([unknown.statusCode, unknown.body]).toEqual([403, '{"Message":null}'])
  })

  test('by path gives pages an origin of their own; a policy of the function holds, too', async () => {
    const headers = { 'content-security-policy': "default-src 'self'" }
    const { call } = await serve(({ payload }) => {
      const { rawPath } = JSON.parse(Buffer.from(payload).toString()) as { rawPath: string }
      return { statusCode: 200, headers: rawPath === '/own' ? headers : {} }
    })
    const policyOf = async (url: string, host: string) =>
      (await call({ url, headers: { host } })).headers['content-security-policy']
    const sandbox = 'sandbox allow-downloads allow-forms allow-modals allow-popups allow-scripts'
    expect(await policyOf('/_kubelambda/url/abc/', 'localhost:9000')).toBe(sandbox)
    expect(await policyOf('/_kubelambda/url/abc/own', 'localhost:9000')).toBe(`default-src 'self', ${sandbox}`)
    expect(await policyOf('/', host)).toBeUndefined()
  })

  test.each([
    ['/a%20b/%C3%A9%2Fc', '/a b/é/c'],
    ['/%FF%20%C3x%zz%', '/%FF %C3x%zz%'],
    ['/%C0%80%F0%9F%98%80', '/%C0%80😀'],
  ])('decodes the path %s, and leaves it as it is in rawPath', async (url, decoded) => {
    const { call } = await serve(eventOf)
    const event = (await call({ url })).json()
    expect([event.rawPath, event.requestContext.http.path]).toEqual([url, decoded])
  })

  test.each([
    ['application/x-www-form-urlencoded', true],
    ['multipart/form-data; boundary=q', true],
    ['application/octet-stream', true],
    ['application/problem+json; charset=utf-8', false],
    ['application/json', false],
    ['text/plain; charset=utf-8', false],
    ['application/xml', false],
    ['application/javascript', false],
  ])('gives its function a body of type %s in base64: %s', async (type, isBase64Encoded) => {
    const { call } = await serve(eventOf)
    const event = (await call({ method: 'POST', payload: 'a=1', headers: { 'content-type': type } })).json()
    expect(event).toMatchObject({ isBase64Encoded, body: isBase64Encoded ? 'YT0x' : 'a=1' })
  })

  test.each([
    ['127.0.0.1:9000', '/_kubelambda/url/abc//x?a=//b'],
    [host, '//x?a=//b'],
  ])('on %s takes the slash that ends it and the one of the path as one', (authority, url) => {
    expect(addressedUrl(authority, url)).toMatchObject({ urlId: 'abc', url: '/x?a=//b' })
  })

  test('joins repeated headers and query keys, and leaves out those of the connection', async () => {
    const { call } = await serve(eventOf)
    const headers = { 'x-many': ['1', '2'], connection: 'keep-alive', cookie: 'a=1; b=2' } as never
    const event = (await call({ url: '/?a=1&b=x%20y&a=2', headers })).json()
    expect(event.headers).toMatchObject({ 'x-many': '1,2', 'x-forwarded-proto': 'http', 'x-forwarded-port': '9000' })
    expect(event.headers).not.toHaveProperty('connection')
    expect(event.queryStringParameters).toEqual({ a: '1,2', b: 'x y' })
    expect(event.cookies).toEqual(['a=1', 'b=2'])
  })

  test.each<[string, unknown]>([
    ['a status that is none', { statusCode: 'ok' }],
    ['a status below 200', { statusCode: 100 }],
    ['a header that is none', { statusCode: 200, headers: { 'a b': '1' } }],
    ['headers that are a text', { statusCode: 200, headers: 'x' }],
    ['headers that are a list', { statusCode: 200, headers: ['x'] }],
    ['a header that splits the answer', { statusCode: 200, headers: { a: 'x\r\nb: y' } }],
    ['what is no JSON', answered('<html>', 'text/html')],
    ['a function error', { ...answered('{}', 'application/json'), functionError: 'Unhandled' }],
  ])('answers 502 to %s', async (_case, value) => {
    const { call } = await serve(() => value)
    const answer = await call()
    expect([answer.statusCode, answer.body]).toEqual([502, 'Internal Server Error'])
  })

  test('answers throttles 429, a function that went 403, and our faults 502 without inner text', async () => {
    const failing = async (error: Error) => {
      const { call, faults } = await serve(() => {
        throw error
      })
      const { statusCode, body } = await call()
      await app?.close()
      return { statusCode, body, faults }
    }
    expect(await failing(accountConcurrencyExceeded())).toMatchObject({ statusCode: 429, faults: [] })
    expect(await failing(functionNotFound('f'))).toMatchObject({ statusCode: 403, faults: [] })
    const fault = new Error('secret')
    expect(await failing(fault)).toEqual({ statusCode: 502, body: 'Internal Server Error', faults: [fault] })
  })

  test('refuses bodies over 6 MB, also as an event', async () => {
    const { call } = await serve(() => 'never')
    const payload = Buffer.alloc(6_291_457)
    expect((await call({ method: 'POST', payload })).statusCode).toBe(413)
    expect((await call({ method: 'POST', payload: payload.subarray(0, 6_000_000) })).statusCode).toBe(413)
  })

  test('that is public is forbidden as long as no policy lets everybody in; preflights are not', async () => {
    const cors = { allowOrigins: ['*'] }
    const { call } = await serve(() => 'never', { cors }, [{ ...forAll, principal: '111111111111' }])
    const answer = await call()
    expect([answer.statusCode, answer.headers['x-amzn-errortype']]).toEqual([403, 'AccessDeniedException'])
    expect(answer.json()).toEqual({
      Message:
        'Forbidden. For troubleshooting Function URL authorization issues, see: ' +
        'https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html',
    })
    const asked = { origin: 'https://a.example', 'access-control-request-method': 'POST' }
    expect((await call({ method: 'OPTIONS', headers: asked })).statusCode).toBe(200)
  })

  test('with AWS_IAM lets signed requests in, and says whose key it was', async () => {
    const { call } = await serve(eventOf, { authType: 'AWS_IAM' })
    expect((await call({ headers: { authorization: 'Bearer x' } })).statusCode).toBe(403)
    const scope = '20260101/us-east-1/lambda/aws4_request'
    const authorization = `AWS4-HMAC-SHA256 Credential=AKID/${scope}, SignedHeaders=host, Signature=0a`
    const event = (await call({ headers: { authorization, 'x-amz-date': '20260101T000000Z' } })).json()
    expect(event.requestContext).toMatchObject({
      accountId: '000000000000',
      authorizer: { iam: { accessKey: 'AKID', accountId: '000000000000', cognitoIdentity: null } },
    })
    const said = 'X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=20260101T000000Z&X-Amz-SignedHeaders=host'
    const query = `${said}&X-Amz-Credential=AKID%2F${scope}&X-Amz-Signature=0a`
    expect((await call({ url: `/?${query}` })).statusCode).toBe(200)
  })

  test('that streams sends bytes as they are, and takes status and headers from a prelude', async () => {
    const proxy = await serve(() => ({ statusCode: 404, body: 'no' }), { invokeMode: 'RESPONSE_STREAM' })
    expect(await proxy.call()).toMatchObject({ statusCode: 200, body: '{"statusCode":404,"body":"no"}' })
    await app?.close()
    const head = JSON.stringify({ statusCode: 201, headers: { 'x-own': 'a' }, cookies: ['c=1'] })
    const text = Buffer.concat([Buffer.from(head), Buffer.alloc(8), Buffer.from('body')])
    const { call } = await serve(() => answered(text, prelude), { invokeMode: 'RESPONSE_STREAM' })
    const answer = await call()
    expect(answer).toMatchObject({ statusCode: 201, body: 'body' })
    expect(answer.headers).toMatchObject({ 'x-own': 'a', 'set-cookie': 'c=1' })
  })

  test.each<[string, unknown]>([
    ['a function error', { ...answered('{}', 'application/json'), functionError: 'Unhandled' }],
    ['a prelude without its end', answered('{"statusCode":200}', prelude)],
    ['a prelude with a status that is none', answered('{"statusCode":"ok"}\0\0\0\0\0\0\0\0', prelude)],
  ])('that streams answers 502 to %s', async (_case, value) => {
    const { call, faults } = await serve(() => value, { invokeMode: 'RESPONSE_STREAM' })
    const answer = await call()
    expect([answer.statusCode, answer.body, faults]).toEqual([502, 'Internal Server Error', []])
  })

  test('tells browsers of origins that may call, and others nothing', async () => {
    const cors = { allowOrigins: ['*'], allowCredentials: true }
    const { call } = await serve(() => ({ statusCode: 200 }), { cors })
    const answer = await call({ headers: { origin: 'https://a.example' } })
    expect(answer.headers).toMatchObject({
      'access-control-allow-origin': 'https://a.example',
      'access-control-allow-credentials': 'true',
      vary: 'Origin',
    })
    await app?.close()
    const strict = await serve(() => ({ statusCode: 200 }), { cors: { allowOrigins: ['https://b.example'] } })
    const refused = await strict.call({ headers: { origin: 'https://a.example' } })
    expect(Object.keys(refused.headers).filter((name) => name.startsWith('access-control'))).toEqual([])
  })
})
