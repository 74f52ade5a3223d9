import { createHmac, hash } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import { sign } from '../../conformance/requests/signature.ts'
import { bodyHash } from './body-hash.ts'
import { canonicalRequest } from './canonical-request.ts'
import type { Credential } from './credentials.ts'
import type { SignedRequest } from './signed-request.ts'
import { createSigningKeys } from './signing-keys.ts'
import { createVerifier } from './verifier.ts'

const emptyHash = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
const now = Date.UTC(2026, 0, 2, 3, 4, 5)
const key: Credential = { accessKeyId: 'AKIDEXAMPLE', secret: 'secret', accountId: '000000000000' }
const verifier = createVerifier({
  credentials: { find: (id) => (id === key.accessKeyId ? key : undefined) },
  region: 'us-east-1',
  now: () => now,
})

interface Asked {
  readonly url?: string
  readonly at?: number
  readonly region?: string
  readonly secretAccessKey?: string
  readonly headers?: Record<string, string>
  readonly body?: string
}

/** A request as the conformance suite signs it: with AWS's own signer. */
async function signed({
  url = '/2015-03-31/functions',
  at = now,
  region = 'us-east-1',
  ...asked
}: Asked = {}): Promise<SignedRequest> {
  const parts = {
    method: 'POST',
    url: new URL(url, 'http://host:9000'),
    headers: asked.headers ?? {},
    body: Buffer.from(asked.body ?? ''),
  }
  const secret = { accessKeyId: key.accessKeyId, secretAccessKey: asked.secretAccessKey ?? key.secret }
  const headers = await sign(parts, region, secret, new Date(at))
  return { method: 'POST', url, rawHeaders: Object.entries(headers).flat() }
}

const [plain, ofAnotherSecret] = [await signed(), await signed({ secretAccessKey: 'other' })]

/** The request with a header changed or removed. */
function withHeader(
  request: SignedRequest,
  name: string,
  change: (value: string) => string | undefined,
): SignedRequest {
  const pairs = Array.from({ length: request.rawHeaders.length / 2 }, (_, index) =>
    request.rawHeaders.slice(2 * index, 2 * index + 2),
  )
  const changed = pairs.flatMap(([each = '', value = '']) => {
    if (each !== name) return [each, value]
    const next = change(value)
    return next === undefined ? [] : [each, next]
  })
  return { ...request, rawHeaders: changed }
}

const withAuthorization = (change: (value: string) => string | undefined) => withHeader(plain, 'authorization', change)
const refusalOf = (request: SignedRequest, body = emptyHash) => {
  try {
    verifier.begin(request).verify(body)
    return undefined
  } catch (error) {
    return error as Error
  }
}

describe("AWS's published example", () => {
  const request: SignedRequest = {
    method: 'GET',
    url: '/?Action=ListUsers&Version=2010-05-08',
    rawHeaders: [
      ...['Host', 'iam.amazonaws.com', 'Content-Type', 'application/x-www-form-urlencoded; charset=utf-8'],
      ...['X-Amz-Date', '20150830T123600Z'],
    ],
  }

  test('has this canonical request', () => {
    const canonical = canonicalRequest(request, ['content-type', 'host', 'x-amz-date'], emptyHash)
    expect(hash('sha256', canonical)).toBe('f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59')
  })

  test('is signed with this key', () => {
    const secret = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'
    const derived = createSigningKeys()({ ...key, secret }, ['20150830', 'us-east-1', 'iam', 'aws4_request'])
    expect(derived.export().toString('hex')).toBe('c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9')
  })
})

describe('the canonical request', () => {
  const lines = (url: string, rawHeaders: string[] = [], names: string[] = []) =>
    canonicalRequest({ method: 'GET', url, rawHeaders }, names, 'hash').split('\n')

  test.each([
    ['/', '/'],
    ['/a%3Ab/c', '/a%253Ab/c'],
    ["/a:b$!'()*~", '/a%3Ab%24%21%27%28%29%2A~'],
    ['/a/', '/a/'],
    ['//a/./b/../c//', '/a/c/'],
    ['/..', '/'],
    ['/.well-known/x', '/.well-known/x'],
  ])('of path %s has %s', (path, canonical) => {
    expect(lines(path)[1]).toBe(canonical)
  })

  test.each([
    ['b=2&a=1&a=0', 'a=0&a=1&b=2'],
    ['a', 'a='],
    ['a=b=c', 'a=b%3Dc'],
    ['a=x%20y&a=%2f', 'a=%2F&a=x%20y'],
    ['a=%41%ff', 'a=A%FF'],
    ['X-Amz-Signature=0a&z=1&', 'z=1'],
    ['a%2D=1&a-b=2', 'a-=1&a-b=2'],
  ])('of query %s has %s', (query, canonical) => {
    expect(lines(`/?${query}`)[2]).toBe(canonical)
  })

  test('has signed headers alone, trimmed, and repeated ones joined', () => {
    const headers = ['B', ' x  y ', 'other', '1', 'a', '1', 'b', 'z']
    expect(lines('/', headers, ['a', 'b', 'c']).slice(3)).toEqual(['a:1', 'b:x y,z', 'c:', '', 'a;b;c', 'hash'])
  })
})

describe('a signature in a header', () => {
  test('that matches identifies its account and key', async () => {
    const request = await signed({ url: '/a%2Fb?x=1&x=0', body: '{}', headers: { 'content-type': 'application/json' } })
    const caller = verifier.begin(request).verify(bodyHash(Buffer.from('{}')) as string)
    expect(caller).toEqual({ accessKeyId: 'AKIDEXAMPLE', accountId: '000000000000' })
  })

  test.each<[string, SignedRequest, string]>([
    ['another body', plain, hash('sha256', 'other')],
    ['another secret', ofAnotherSecret, emptyHash],
    ['another path', { ...plain, url: '/2015-03-31/other' }, emptyHash],
    ['another query', { ...plain, url: '/2015-03-31/functions?a=1' }, emptyHash],
    ['another method', { ...plain, method: 'GET' }, emptyHash],
    ['another host', withHeader(plain, 'host', () => 'elsewhere'), emptyHash],
    ['no digits', withAuthorization((value) => value.replace(/Signature=.*/, 'Signature=zz')), emptyHash],
  ])('of %s does not match', (_about, request, body) => {
    expect(refusalOf(request, body)).toMatchObject({
      name: 'InvalidSignatureException',
      status: 403,
      message:
        'The request signature we calculated does not match the signature you provided. ' +
        'Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
    })
  })

  const minutes = (count: number) => count * 60_000
  test('is valid for five minutes before and after', async () => {
    for (const at of [now - minutes(5), now + minutes(5)]) expect(refusalOf(await signed({ at }))).toBeUndefined()
    expect(refusalOf(await signed({ at: now - minutes(6) }))?.message).toBe(
      'Signature expired: 20260102T025805Z is now earlier than 20260102T025905Z (20260102T030405Z - 5 min.)',
    )
    expect(refusalOf(await signed({ at: now + minutes(6) }))?.message).toBe(
      'Signature not yet current: 20260102T031005Z is still later than 20260102T030905Z (20260102T030405Z + 5 min.)',
    )
  })

  test.each<[SignedRequest, string, string | RegExp]>([
    [withAuthorization(() => undefined), 'MissingAuthenticationTokenException', 'Missing Authentication Token'],
    [
      withAuthorization(() => 'Bearer x'),
      'IncompleteSignatureException',
      /^Invalid key=value pair \(missing equal-sign\) in Authorization header \(hashed with SHA-256 and encoded with Base64\): '[\w+/]+='\.$/,
    ],
    [
      withHeader(
        withAuthorization((value) => value.replace(/Credential=\S+/, '')),
        'x-amz-date',
        () => undefined,
      ),
      'IncompleteSignatureException',
      /^Authorization header requires 'Credential' parameter\. Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header\. /,
    ],
    [
      withHeader(plain, 'x-amz-date', () => 'today'),
      'IncompleteSignatureException',
      "Date must be in ISO-8601 'basic format'. Got 'today'. See http://en.wikipedia.org/wiki/ISO_8601",
    ],
    [
      withAuthorization((value) => value.replace('AWS4-HMAC-SHA256', 'AWS4-HMAC-SHA25')),
      'IncompleteSignatureException',
      "Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA25' (only AWS4-HMAC-SHA256 for now).",
    ],
    [
      withAuthorization((value) => value.replace('/aws4_request', '')),
      'IncompleteSignatureException',
      "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got 'AKIDEXAMPLE/20260102/us-east-1/lambda'",
    ],
    [
      withAuthorization((value) => value.replace('SignedHeaders=host;', 'SignedHeaders=')),
      'InvalidSignatureException',
      "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
    ],
    [
      withAuthorization((value) => value.replace('20260102/us-east-1/lambda/aws4', '20260101/eu-west-1/s3/aws5')),
      'InvalidSignatureException',
      "Credential should be scoped to a valid region, not 'eu-west-1'. " +
        "Credential should be scoped to correct service: 'lambda'. " +
        "Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5_request'. " +
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20260101' != '20260102', from '20260102T030405Z'.",
    ],
    [
      withAuthorization((value) => value.replace('AKIDEXAMPLE', '__proto__')),
      'UnrecognizedClientException',
      'The security token included in the request is invalid.',
    ],
    [
      { ...plain, url: '/?X-Amz-Algorithm=AWS4-HMAC-SHA256' },
      'InvalidSignatureException',
      "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.",
    ],
  ])('that is wrong is refused with the text of AWS, case %#', (request, name, message) => {
    const refusal = refusalOf(request)
    expect([refusal?.name, refusal?.message]).toEqual([
      name,
      typeof message === 'string' ? message : expect.stringMatching(message),
    ])
  })
})

describe('a signature in a query', () => {
  /** Presigned: the query holds what the header would hold. */
  function presigned(at: number, expires?: number, payloadHash = emptyHash): SignedRequest {
    const time = new Date(at).toISOString().replaceAll(/[-:]|\.\d{3}/g, '')
    const scope = `${time.slice(0, 8)}/us-east-1/lambda/aws4_request`
    const query = [
      'X-Amz-Algorithm=AWS4-HMAC-SHA256',
      `X-Amz-Credential=${encodeURIComponent(`${key.accessKeyId}/${scope}`)}`,
      `X-Amz-Date=${time}`,
      ...(expires === undefined ? [] : [`X-Amz-Expires=${String(expires)}`]),
      'X-Amz-SignedHeaders=host',
    ].join('&')
    const unsigned = { method: 'GET', url: `/f?${query}`, rawHeaders: ['Host', 'host:9000'] }
    const canonical = canonicalRequest(unsigned, ['host'], payloadHash)
    const text = `AWS4-HMAC-SHA256\n${time}\n${scope}\n${hash('sha256', canonical)}`
    const signature = createHmac('sha256', createSigningKeys()(key, scope.split('/')))
      .update(text)
      .digest('hex')
    return { ...unsigned, url: `${unsigned.url}&X-Amz-Signature=${signature}` }
  }

  test('is valid for the stated time, or five minutes', () => {
    expect(refusalOf(presigned(now - 3_599_000, 3600))).toBeUndefined()
    expect(refusalOf(presigned(now - 3_601_000, 3600))?.message).toMatch(/^Signature expired: .* - 60 min\.\)$/)
    expect(refusalOf(presigned(now - 299_000))).toBeUndefined()
    expect(refusalOf(presigned(now - 301_000))?.name).toBe('InvalidSignatureException')
    expect(refusalOf(presigned(now, 604_801))?.name).toBe('IncompleteSignatureException')
  })

  test('over no payload is not accepted, as Lambda accepts none', () => {
    expect(refusalOf(presigned(now, 60, 'UNSIGNED-PAYLOAD'))?.message).toMatch(/^The request signature we calculated/)
  })

  test('that lacks a part is refused with the name of the part', () => {
    const request = { method: 'GET', url: '/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=1', rawHeaders: [] }
    expect(refusalOf(request)?.message).toBe(
      "AWS query-string parameters must include 'X-Amz-Credential'. AWS query-string parameters must include 'X-Amz-Signature'. " +
        "AWS query-string parameters must include 'X-Amz-SignedHeaders'. Re-examine the query-string parameters.",
    )
  })
})

test('a large body has the same hash as in one piece', async () => {
  const body = Buffer.alloc(3_000_001, 'body')
  expect(await bodyHash(body)).toBe(hash('sha256', body))
})
