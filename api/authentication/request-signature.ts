import { hash } from 'node:crypto'
import { authenticationErrors } from './authentication-errors.ts'
import { parseRequestTime, type RequestTime } from './request-time.ts'
import { headerOf, queryPairs, type SignedRequest } from './signed-request.ts'

/** The signature that a request carries, parsed but not verified. */
export interface RequestSignature {
  readonly accessKeyId: string
  /** Day, region, service and terminator of the credential. */
  readonly scope: readonly [day: string, region: string, service: string, terminator: string]
  /** Lower-case names in the order in which they were signed. */
  readonly signedHeaders: readonly string[]
  /** 64 hexadecimal digits when well-formed. */
  readonly signature: string
  readonly time: RequestTime
  /** How long a presigned request is valid; undefined when the request is signed in a header. */
  readonly expiresSeconds?: number
}

export const algorithm = 'AWS4-HMAC-SHA256'

interface Parts {
  readonly algorithm: string
  readonly credential: string
  readonly signedHeaders: string
  readonly signature: string
  readonly time: string
  readonly expiresSeconds?: number
}

/** Reads the signature from the header or the query. Throws if there is none, or if a part is missing. */
export function readSignature(request: SignedRequest): RequestSignature {
  const authorization = headerOf(request, 'authorization')
  const isPresigned = request.url.includes('X-Amz-Algorithm=')
  if (authorization === undefined && !isPresigned) throw authenticationErrors.missing()
  if (authorization === undefined) return signatureOf(queryParts(request))
  if (!isPresigned) return signatureOf(headerParts(request, authorization))
  throw authenticationErrors.invalid(
    "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.",
  )
}

/** The access key ID that a request names, without verification; undefined when it is not signed. */
export function accessKeyIdOf(request: SignedRequest): string | undefined {
  try {
    return readSignature(request).accessKeyId
  } catch {
    return undefined
  }
}

function headerParts(request: SignedRequest, authorization: string): Parts {
  const [name = '', ...words] = authorization.trim().split(/,\s*|\s+/)
  const digest = hash('sha256', authorization, 'base64')
  if (words.some((word) => !word.includes('='))) {
    throw authenticationErrors.incomplete(
      `Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): '${digest}'.`,
    )
  }
  const given = new Map(words.map((word) => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]))
  const time = headerOf(request, 'x-amz-date') ?? headerOf(request, 'date')
  const missing = [
    ...['Credential', 'Signature', 'SignedHeaders']
      .filter((part) => !given.get(part))
      .map((part) => `Authorization header requires '${part}' parameter.`),
    ...(time === undefined
      ? ["Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."]
      : []),
  ]
  if (missing.length > 0) {
    throw authenticationErrors.incomplete(
      `${missing.join(' ')} (Hashed with SHA-256 and encoded with Base64) Authorization=${digest}`,
    )
  }
  return {
    algorithm: name,
    credential: given.get('Credential') ?? '',
    signedHeaders: given.get('SignedHeaders') ?? '',
    signature: given.get('Signature') ?? '',
    time: time ?? '',
  }
}

const queryNames = ['X-Amz-Algorithm', 'X-Amz-Credential', 'X-Amz-Signature', 'X-Amz-SignedHeaders', 'X-Amz-Date']
/** A presigned request is valid for at most a week; by default as long as a request signed in a header. */
const [maxSeconds, minSeconds] = [604_800, 300]

function queryParts({ url }: SignedRequest): Parts {
  const given = new Map(queryPairs(url))
  const missing = queryNames
    .filter((name) => !given.get(name))
    .map((name) => `AWS query-string parameters must include '${name}'.`)
  if (missing.length > 0) {
    throw authenticationErrors.incomplete(`${missing.join(' ')} Re-examine the query-string parameters.`)
  }
  const expires = given.get('X-Amz-Expires') ?? String(minSeconds)
  if (!/^\d{1,6}$/.test(expires) || Number(expires) > maxSeconds) {
    throw authenticationErrors.incomplete(`X-Amz-Expires must be a number of seconds, at most ${maxSeconds}`)
  }
  return {
    algorithm: given.get('X-Amz-Algorithm') ?? '',
    credential: given.get('X-Amz-Credential') ?? '',
    signedHeaders: given.get('X-Amz-SignedHeaders') ?? '',
    signature: given.get('X-Amz-Signature') ?? '',
    time: given.get('X-Amz-Date') ?? '',
    expiresSeconds: Number(expires),
  }
}

function withoutFinalSlashes(text: string): string {
  let end = text.length
  while (text[end - 1] === '/') end--
  return text.slice(0, end)
}

function signatureOf({ algorithm: name, credential, signedHeaders, time, ...rest }: Parts): RequestSignature {
  const parsed = { ...rest, time: parseRequestTime(time), signedHeaders: signedHeaders.toLowerCase().split(';') }
  if (name !== algorithm) {
    throw authenticationErrors.incomplete(`Unsupported AWS 'algorithm': '${name}' (only ${algorithm} for now).`)
  }
  const elements = withoutFinalSlashes(credential).split('/', 6)
  const [accessKeyId, day, region, service, terminator] = elements
  if (elements.length !== 5 || !accessKeyId || !day || !region || !service || !terminator) {
    throw authenticationErrors.incomplete(
      `Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '${credential}'`,
    )
  }
  return { ...parsed, accessKeyId, scope: [day, region, service, terminator] }
}
