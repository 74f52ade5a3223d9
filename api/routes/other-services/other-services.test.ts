import { randomUUID } from 'node:crypto'
import Fastify, { type FastifyInstance, type InjectOptions } from 'fastify'
import { afterEach, describe, expect, test } from '@jest/globals'
import type { Verifier } from '../../authentication/verifier.ts'
import { openRoute, registerAuthentication } from '../http/authentication.ts'
import { registerRoutes, routerOptions } from '../http/router.ts'
import { registerOtherServices } from './other-services.ts'

let app: FastifyInstance | undefined
afterEach(() => app?.close())

/** A server with access keys: what reaches its verifier is refused with 403. */
function serve() {
  const made = Fastify(routerOptions)
  app = made
  let verified = 0
  const verifier: Verifier = {
    begin() {
      verified++
      throw Object.assign(new Error('refused'), { code: 'FST_ERR_BAD_URL' })
    },
  }
  registerRoutes(made, {}, { ids: randomUUID, logError: () => undefined })
  registerOtherServices(made)
  registerAuthentication(made, { verifier, accountId: '000000000000' })
  for (const url of ['/', '/health', '/_kubelambda/events', '/function-url']) {
    made.get(url, { config: openRoute }, () => 'ours')
  }
  const call = (service: string, options: InjectOptions = {}) =>
    made.inject({ method: 'POST', url: '/', ...options, headers: { ...signedFor(service), ...options.headers } })
  return { made, call, verified: () => verified }
}

const signedFor = (service: string) => ({
  authorization: `AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=0a`,
})

const advice = (service: string) =>
  `kubelambda serves the AWS Lambda API only, and this request was signed for ${service}. ` +
  'Set the endpoint for Lambda alone (AWS_ENDPOINT_URL_LAMBDA, or --endpoint-url with aws lambda), ' +
  `and leave ${service} at AWS or point it elsewhere.`

const form = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' }

describe('a request that was signed for another service', () => {
  test.each(['sts', 'iam', 'sns', 'cloudformation', 'route53'])(
    '%s is answered in XML with the request id',
    async (service) => {
      const answer = await serve().call(service, { headers: form })
      const id = String(answer.headers['x-amzn-requestid'])
      expect([answer.statusCode, answer.headers['content-type']]).toEqual([400, 'text/xml'])
      expect(answer.body).toBe(
        '<?xml version="1.0" encoding="UTF-8"?>\n<ErrorResponse><Error><Type>Sender</Type><Code>UnsupportedOperation</Code>' +
          `<Message>${advice(service)}</Message></Error><RequestId>${id}</RequestId></ErrorResponse>`,
      )
    },
  )

  test("ec2 is answered in EC2's own XML", async () => {
    const answer = await serve().call('ec2', { headers: form })
    expect(answer.body).toMatch(
      /<Response><Errors><Error><Code>UnsupportedOperation<\/Code><Message>[^<]+<\/Message><\/Error><\/Errors><RequestID>/,
    )
  })

  test("s3 is answered in S3's XML, in which the path is escaped", async () => {
    const { call } = serve()
    const answer = await call('s3', { method: 'PUT', url: "/bucket/a&b'c?uploads", payload: 'x' })
    expect([answer.statusCode, answer.headers['content-type']]).toEqual([501, 'application/xml'])
    expect(answer.body).toMatch(/\n<Error><Code>NotImplemented<\/Code><Message>[^<]+ signed for s3\. /)
    expect(answer.body).toContain('<Resource>/bucket/a&amp;b&apos;c</Resource>')
    expect((await call('s3', { method: 'GET', url: '/health?list-type=2' })).body).toContain('<Code>NotImplemented')
    expect(await call('s3', { method: 'HEAD', url: '/bucket' })).toMatchObject({ statusCode: 501 })
  })

  test.each([
    ['dynamodb', '1.0'],
    ['logs', '1.1'],
    ['kinesis', '1.1'],
  ])('%s is answered in JSON %s', async (service, version) => {
    const headers = { 'content-type': `application/x-amz-json-${version}`, 'x-amz-target': 'Any.Operation' }
    const answer = await serve().call(service, { headers })
    expect(answer.json()).toEqual({ __type: 'UnsupportedOperation', message: advice(service) })
    expect(answer.headers).toMatchObject({
      'content-type': headers['content-type'],
      'x-amzn-errortype': 'UnsupportedOperation',
    })
    expect(answer.headers).not.toHaveProperty('x-amzn-query-error')
  })

  test('sqs is answered in what the request is written in, with the code of the query protocol where it is asked for', async () => {
    const { call } = serve()
    const headers = { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-query-mode': 'true' }
    expect((await call('sqs', { headers })).headers['x-amzn-query-error']).toBe('UnsupportedOperation;Sender')
    expect((await call('sqs', { headers: form })).body).toContain('<ErrorResponse>')
  })

  test('monitoring is answered in CBOR', async () => {
    const headers = { 'smithy-protocol': 'rpc-v2-cbor', 'content-type': 'application/cbor' }
    const answer = await serve().call('monitoring', { url: '/service/X/operation/ListMetrics', headers })
    expect(answer.headers).toMatchObject({ 'content-type': 'application/cbor', 'smithy-protocol': 'rpc-v2-cbor' })
    expect(answer.rawPayload.subarray(0, 10)).toEqual(Buffer.from('\xa2\x79\x00\x06__type', 'latin1'))
  })

  test.each(['apigateway', 'scheduler', 'anything-new'])('%s is answered as REST with JSON', async (service) => {
    const answer = await serve().call(service, { method: 'GET', url: '/restapis' })
    expect([answer.statusCode, answer.headers['x-amzn-errortype']]).toEqual([400, 'UnsupportedOperation'])
    expect(answer.json()).toEqual({ message: advice(service) })
  })

  test.each([
    ['a query', '/?Action=GetCallerIdentity&X-Amz-Credential=AKID%2F20260101%2Fus-east-1%2Fsts%2Faws4_request', {}],
    [
      'a signature for many regions',
      '/b',
      { authorization: 'AWS4-ECDSA-P256-SHA256 Credential=AKID/20260101/s3/aws4_request, SignedHeaders=host' },
    ],
    ['a signature of version 2', '/b', { authorization: 'AWS AKID:signature' }],
    ['a query of version 2', '/b/k?AWSAccessKeyId=AKID&Signature=x&Expires=1', {}],
  ])('is known by %s', async (_case, url, headers) => {
    const answer = await serve().made.inject({ method: 'GET', url, headers })
    expect(answer.body).toMatch(/signed for (sts|s3)\. /)
  })

  test('is answered before its signature is verified and its body is read', async () => {
    const { call, verified } = serve()
    expect((await call('sts', { payload: Buffer.alloc(7_000_000) })).statusCode).toBe(400)
    expect(verified()).toBe(0)
  })
})

describe('requests that go their own way', () => {
  test.each<[string, string, InjectOptions]>([
    ['signed for Lambda', 'lambda', { url: '/no/operation' }],
    ['to an operation of Lambda', 's3', { method: 'GET', url: '/2015-03-31/functions' }],
    ['with a service that is none', 'a<b>', {}],
  ])('one %s goes on to the verifier', async (_case, service, options) => {
    const { call, verified } = serve()
    await call(service, options)
    expect(verified()).toBe(1)
  })

  test.each(['/_kubelambda/events', '/function-url'])('one to %s is left alone', async (url) => {
    expect((await serve().call('s3', { method: 'GET', url })).body).toBe('ours')
  })
})
