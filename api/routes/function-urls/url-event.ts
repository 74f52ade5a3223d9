import type { Caller } from '../../authentication/verifier.ts'

/** One request to a function URL, as received. */
export interface UrlRequest {
  readonly method: string
  /** Path and query as sent, percent-encoded. */
  readonly url: string
  readonly httpVersion: string
  /** Names and values alternate, as received. */
  readonly rawHeaders: readonly string[]
  readonly body: Buffer
  readonly sourceIp: string
  /** `http` or `https`, and the port at which it was received. */
  readonly protocol: string
  readonly port: string
}

/** What the service adds to a request. */
export interface UrlContext {
  readonly urlId: string
  readonly accountId: string
  /** The signer of the request; undefined if no signature is required. */
  readonly caller: Caller | undefined
  readonly requestId: string
  readonly traceId: string
  readonly nowMs: number
}

/** Hop-by-hop headers, which are not passed on. */
const ofTheConnection = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade'])
/** Everything else is base64, forms too. */
const textType = /^\s*(text\/|application\/(json|xml|javascript|[^\s;]+\+(json|xml))\s*(;|$))/i
/** A character of UTF-8, percent-encoded. */
const encodedCharacter =
  /%[0-7][0-9a-f]|%[cd][0-9a-f]%[89ab][0-9a-f]|%e[0-9a-f](?:%[89ab][0-9a-f]){2}|%f[0-7](?:%[89ab][0-9a-f]){3}/gi

/** Builds the event for the function: payload format 2.0 (reference 9.3). */
export function functionUrlEvent(request: UrlRequest, context: UrlContext): object {
  const mark = request.url.indexOf('?')
  const rawPath = mark < 0 ? request.url : request.url.slice(0, mark)
  const rawQueryString = mark < 0 ? '' : request.url.slice(mark + 1)
  const { cookie, ...headers } = joinedHeaders(request.rawHeaders)
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath,
    rawQueryString,
    ...(cookie === undefined ? {} : { cookies: cookie.split(/; ?/) }),
    headers: { ...headers, ...forwarded(request, context) },
    ...(rawQueryString === '' ? {} : { queryStringParameters: queryOf(rawQueryString) }),
    requestContext: requestContext(request, context, decodedPath(rawPath), headers),
    ...bodyMembers(request.body, headers['content-type']),
  }
}

/** Sequences that are no UTF-8 stay as they are. */
function decodedPath(rawPath: string): string {
  return rawPath.replace(encodedCharacter, (sequence) => {
    try {
      return decodeURIComponent(sequence)
    } catch {
      return sequence
    }
  })
}

function joinedHeaders(rawHeaders: readonly string[]): Record<string, string> {
  const headers = new Map<string, string>()
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const [name = '', value = ''] = [rawHeaders[index]?.toLowerCase(), rawHeaders[index + 1]]
    if (ofTheConnection.has(name)) continue
    const before = headers.get(name)
    headers.set(name, before === undefined ? value : `${before}${name === 'cookie' ? '; ' : ','}${value}`)
  }
  return Object.fromEntries(headers)
}

function forwarded({ sourceIp, protocol, port }: UrlRequest, { traceId }: UrlContext): Record<string, string> {
  return {
    'x-forwarded-for': sourceIp,
    'x-forwarded-proto': protocol,
    'x-forwarded-port': port,
    'x-amzn-trace-id': /Root=[^;]+/i.exec(traceId)?.[0] ?? traceId,
  }
}

/** Decoded values; those of a repeated key are joined by commas. */
function queryOf(rawQueryString: string): Record<string, string> {
  const values = new Map<string, string>()
  for (const [key, value] of new URLSearchParams(rawQueryString)) {
    const before = values.get(key)
    values.set(key, before === undefined ? value : `${before},${value}`)
  }
  return Object.fromEntries(values)
}

function requestContext(
  request: UrlRequest,
  { urlId, accountId, caller, requestId, nowMs }: UrlContext,
  path: string,
  headers: Readonly<Record<string, string>>,
): object {
  const domainName = (headers['host'] ?? '').replace(/:\d+$/, '')
  return {
    accountId: caller === undefined ? 'anonymous' : accountId,
    apiId: urlId,
    ...(caller === undefined ? {} : { authentication: null, authorizer: { iam: identityOf(caller) } }),
    domainName,
    domainPrefix: urlId,
    http: {
      method: request.method,
      path,
      protocol: `HTTP/${request.httpVersion}`,
      sourceIp: request.sourceIp,
      userAgent: headers['user-agent'] ?? '',
    },
    requestId,
    routeKey: '$default',
    stage: '$default',
    time: clockText(nowMs),
    timeEpoch: nowMs,
  }
}

/** A key belongs to its account's root: there are no users. */
function identityOf({ accessKeyId, accountId }: Caller): object {
  return {
    accessKey: accessKeyId,
    accountId,
    callerId: accountId,
    cognitoIdentity: null,
    principalOrgId: null,
    userArn: `arn:aws:iam::${accountId}:root`,
    userId: accountId,
  }
}

/** `12/Mar/2020:19:03:58 +0000`. */
function clockText(nowMs: number): string {
  const [, day = '', month = '', year = '', time = ''] = new Date(nowMs).toUTCString().split(' ')
  return `${day}/${month}/${year}:${time} +0000`
}

function bodyMembers(body: Buffer, contentType: string | undefined): object {
  if (body.length === 0) return { isBase64Encoded: false }
  const isText = textType.test(contentType ?? '')
  return { body: body.toString(isText ? 'utf8' : 'base64'), isBase64Encoded: !isText }
}
