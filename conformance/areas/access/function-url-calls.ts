import assert from 'node:assert/strict'
import { RemovePermissionCommand } from '@aws-sdk/client-lambda'
import type { Area } from '../../case/case.ts'
import { callUrl, type UrlAnswer } from '../../requests/function-url-call.ts'
import { allowAll, callUrlUntil, createUrl, idOf, openUrl, servedUrl } from '../../case/function-url.ts'
import { sign, type Credentials } from '../../requests/signature.ts'
import type { CaseContext } from '../../case/case-context.ts'
import { skipWhereAnySignatureIsAccepted } from './authentication.ts'

const json = { 'content-type': 'application/json' }
const streams = { InvokeMode: 'RESPONSE_STREAM' } as const

/** What function URLs answer, and what the function gets. */
export const functionUrlCalls: Area = {
  name: 'function-url-calls',
  cases: [
    {
      name: 'the function gets the request as an event of format 2.0',
      run: async (lambda) => {
        const { url } = await servedUrl(lambda)
        const answer = await callUrl(url, '/a%20b/c?q=a%2Bb&multi=1&multi=2', {
          headers: { Cookie: 'a=1; b=2', 'X-Own': 'Value', 'User-Agent': 'conformance' },
        })
        assert.equal(answer.status, 200)
        assert.equal(answer.headers['content-type'], 'application/json')
        const event = JSON.parse(answer.text) as Event
        const id = idOf(url)
        assert.deepEqual(
          [event.version, event.routeKey, event.rawPath, event.rawQueryString, event.isBase64Encoded, event.body],
          ['2.0', '$default', '/a%20b/c', 'q=a%2Bb&multi=1&multi=2', false, undefined],
        )
        assert.deepEqual(event.queryStringParameters, { q: 'a+b', multi: '1,2' })
        assert.deepEqual(event.cookies, ['a=1', 'b=2'])
        assert.deepEqual([event.headers['x-own'], event.headers['cookie']], ['Value', undefined])
        const { http, requestId, time, timeEpoch, ...context } = event.requestContext
        const domainName = new URL(url).hostname
        assert.deepEqual(context, {
          ...{ accountId: 'anonymous', apiId: id, domainName, domainPrefix: id },
          ...{ routeKey: '$default', stage: '$default' },
        })
        assert.deepEqual([http.method, http.path, http.protocol], ['GET', '/a b/c', 'HTTP/1.1'])
        assert.equal(http.userAgent, 'conformance')
        assert.equal(requestId, answer.headers['x-amzn-requestid'])
        assert.match(time, /^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000$/)
        assert.ok(Math.abs(timeEpoch - Date.now()) < 600_000)
        assert.match(String(answer.headers['x-amzn-trace-id']), /^Root=1-/)
      },
    },
    {
      name: 'a request without query, cookies and body has none of them in its event',
      run: async (lambda) => {
        const { url } = await servedUrl(lambda)
        const event = JSON.parse((await callUrl(url, '/')).text) as object
        for (const key of ['queryStringParameters', 'cookies', 'body']) assert.ok(!(key in event), key)
      },
    },
    {
      name: 'a binary body is encoded in base64',
      run: async (lambda) => {
        const { url } = await servedUrl(lambda)
        const body = Buffer.from([0, 255, 1, 254])
        const headers = { 'content-type': 'application/octet-stream' }
        const event = JSON.parse((await callUrl(url, '/', { method: 'POST', headers, body })).text) as Event
        assert.deepEqual([event.isBase64Encoded, event.body], [true, body.toString('base64')])
      },
    },
    {
      name: 'a response with a status code sets status, headers, cookies and body',
      run: async (lambda) => {
        const { url } = await servedUrl(lambda)
        const answer = await post(url, {
          ...{ statusCode: '418', headers: { 'Content-Type': 'text/plain', 'X-Own': 'Value' } },
          ...{
            cookies: ['a=1; HttpOnly', 'b=2'],
            body: Buffer.from('größe').toString('base64'),
            isBase64Encoded: true,
          },
        })
        assert.deepEqual([answer.status, answer.text, answer.headers['x-own']], [418, 'größe', 'Value'])
        assert.equal(answer.headers['content-type'], 'text/plain')
        assert.deepEqual(answer.headers['set-cookie'], ['a=1; HttpOnly', 'b=2'])
        const plain = await post(url, { statusCode: 200, body: { a: 1 } })
        assert.deepEqual([plain.text, plain.headers['content-type']], ['{"a":1}', 'application/json'])
      },
    },
    {
      name: 'a response without a status code is 200 with its JSON; text is unquoted',
      run: async (lambda) => {
        const { url } = await servedUrl(lambda)
        for (const [value, text] of [
          [{ hello: 'world' }, '{"hello":"world"}'],
          [['hello', 3, true], '["hello",3,true]'],
          ['plain', 'plain'],
          [3, '3'],
        ] as const) {
          const answer = await post(url, value)
          assert.deepEqual(
            [answer.status, answer.text, answer.headers['content-type']],
            [200, text, 'application/json'],
          )
        }
      },
    },
    {
      name: 'a function error is 502 Internal Server Error',
      run: async (lambda) => {
        const { url } = await servedUrl(lambda)
        const answer = await post(url, { throw: 'no' })
        assert.deepEqual([answer.status, answer.text], [502, 'Internal Server Error'])
      },
    },
    {
      name: 'a streaming URL forwards the bytes of the function, with status and headers of its prelude',
      run: async (lambda) => {
        const plain = await openUrl(lambda, await lambda.create('streaming'), streams)
        const answer = await callUrl(plain.url, '/')
        assert.deepEqual([answer.status, answer.text], [200, 'chunk 0\nchunk 1\nchunk 2\n'])
        assert.equal(answer.headers['content-type'], 'text/plain')
        const http = await openUrl(lambda, await lambda.create('streaming', { Handler: 'index.http' }), streams)
        const withHead = await callUrl(http.url, '/')
        assert.deepEqual(
          [withHead.status, withHead.text, withHead.headers['x-streamed']],
          [201, 'streamed body', 'yes'],
        )
      },
    },
    {
      name: 'a streaming URL does not interpret the response of a buffered function',
      run: async (lambda) => {
        const { url } = await openUrl(lambda, await lambda.create('answer-node'), streams)
        const value = { statusCode: 418, body: 'text' }
        const answer = await post(url, value)
        assert.deepEqual([answer.status, answer.text], [200, JSON.stringify(value)])
        const failed = await post(url, { throw: 'no' })
        assert.deepEqual([failed.status, failed.text], [502, 'Internal Server Error'])
      },
    },
    {
      name: 'a URL with AWS_IAM rejects unsigned requests',
      run: async (lambda) => {
        const name = await lambda.create('answer-node')
        const { url } = await openUrl(lambda, name, { AuthType: 'AWS_IAM' })
        isForbidden(await callUrl(url, '/'))
      },
    },
    {
      name: 'a URL with AWS_IAM accepts the signature of its owner, and passes the access key to the function',
      run: async (lambda) => {
        const { url } = await openUrl(lambda, await lambda.create('answer-node'), { AuthType: 'AWS_IAM' })
        const { accessKeyId } = await lambda.target.client.config.credentials()
        const answer = await callSigned(lambda, new URL('a%20b/c?q=a%2Bb&multi=2&multi=1', url))
        assert.equal(answer.status, 200, answer.text)
        const { requestContext } = JSON.parse(answer.text) as Event
        const { accountId } = lambda.target
        assert.equal(requestContext.accountId, accountId)
        const { iam } = requestContext.authorizer ?? {}
        assert.deepEqual(
          [iam?.['accessKey'], iam?.['accountId'], iam?.['cognitoIdentity']],
          [accessKeyId, accountId, null],
        )
        assert.match(String(iam?.['userArn']), new RegExp(`^arn:aws:(iam|sts)::${accountId}:`))
      },
    },
    {
      name: 'a URL with AWS_IAM refuses a wrong signature with the messages of the API',
      run: async (lambda) => {
        await skipWhereAnySignatureIsAccepted(lambda)
        const { url } = await openUrl(lambda, await lambda.create('answer-node'), { AuthType: 'AWS_IAM' })
        const answer = await callSigned(lambda, new URL(url), { secretAccessKey: 'this secret belongs to nobody' })
        assert.equal(answer.status, 403)
        assert.match(answer.text, /The request signature we calculated does not match the signature you provided\./)
      },
    },
    {
      name: 'a public URL is forbidden without a permission for everybody',
      run: async (lambda) => {
        const name = await lambda.create('answer-node')
        const { FunctionUrl: url = '' } = await createUrl(lambda, name)
        isForbidden(await callUrl(url, '/'))
        await allowAll(lambda, name)
        assert.equal((await callUrlUntil(lambda, url, '/', {}, ({ status }) => status === 200)).status, 200)
        await lambda.client.send(new RemovePermissionCommand({ FunctionName: name, StatementId: 'url' }))
        isForbidden(await callUrlUntil(lambda, url, '/', {}, ({ status }) => status === 403))
      },
    },
    {
      name: 'an unknown URL id is forbidden without a message',
      run: async (lambda) => {
        const { url } = await servedUrl(lambda)
        const answer = await callUrl(url.replace(idOf(url), '0'.repeat(32)), '/')
        assert.deepEqual([answer.status, answer.text], [403, '{"Message":null}'])
        assert.equal(answer.headers['x-amzn-errortype'], 'AccessDeniedException')
        assert.equal(answer.headers['content-type'], 'application/json')
      },
    },
    {
      name: 'preflights are answered by the service, and its CORS headers replace those of the function',
      run: async (lambda) => {
        const name = await lambda.create('answer-node')
        const Cors = {
          AllowOrigins: ['https://a.example'],
          AllowMethods: ['GET', 'POST'],
          AllowHeaders: ['x-own'],
          MaxAge: 60,
        }
        const { url } = await openUrl(lambda, name, { Cors: { ...Cors, ExposeHeaders: ['x-shown'] } })
        const asked = { Origin: 'https://a.example', 'Access-Control-Request-Method': 'POST' }
        const preflight = await callUrl(url, '/', { method: 'OPTIONS', headers: asked })
        assert.equal(preflight.headers['access-control-allow-origin'], 'https://a.example')
        assert.deepEqual(String(preflight.headers['access-control-allow-methods']).split(/, ?/), ['GET', 'POST'])
        assert.equal(preflight.headers['access-control-allow-headers'], 'x-own')
        assert.equal(preflight.headers['access-control-max-age'], '60')
        const own = { statusCode: 200, headers: { 'Access-Control-Allow-Origin': 'https://b.example' }, body: '' }
        const answer = await post(url, own, { Origin: 'https://a.example' })
        assert.equal(answer.headers['access-control-allow-origin'], 'https://a.example')
        assert.equal(answer.headers['access-control-expose-headers'], 'x-shown')
        const other = await callUrl(url, '/', { method: 'OPTIONS', headers: { Origin: 'https://a.example' } })
        assert.equal((JSON.parse(other.text) as Event).requestContext.http.method, 'OPTIONS')
      },
    },
  ],
}

interface Event {
  readonly version: string
  readonly routeKey: string
  readonly rawPath: string
  readonly rawQueryString: string
  readonly isBase64Encoded: boolean
  readonly body?: string
  readonly cookies?: string[]
  readonly headers: Record<string, string>
  readonly queryStringParameters?: Record<string, string>
  readonly requestContext: {
    readonly accountId: string
    readonly authorizer?: { readonly iam: Readonly<Record<string, unknown>> }
    readonly http: {
      readonly method: string
      readonly path: string
      readonly protocol: string
      readonly userAgent: string
    }
    readonly requestId: string
    readonly time: string
    readonly timeEpoch: number
  }
}

function post(url: string, value: unknown, headers: Readonly<Record<string, string>> = {}): Promise<UrlAnswer> {
  return callUrl(url, '/', { method: 'POST', headers: { ...json, ...headers }, body: JSON.stringify(value) })
}

/** Calls a URL with a signature of the run's own key, or of another. */
async function callSigned(lambda: CaseContext, url: URL, other: Partial<Credentials> = {}): Promise<UrlAnswer> {
  const credentials = { ...(await lambda.target.client.config.credentials()), ...other }
  const parts = { method: 'GET', url, headers: {}, body: Buffer.alloc(0) }
  const headers = await sign(parts, lambda.target.region, credentials, new Date())
  return callUrl(url.origin, url.pathname + url.search, { headers })
}

function isForbidden({ status, headers, text }: UrlAnswer): void {
  assert.deepEqual([status, headers['x-amzn-errortype']], [403, 'AccessDeniedException'], text)
  assert.deepEqual(JSON.parse(text), {
    Message:
      'Forbidden. For troubleshooting Function URL authorization issues, see: ' +
      'https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html',
  })
}
