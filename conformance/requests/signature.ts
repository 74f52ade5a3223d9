import { buildQueryString, HttpRequest } from '@smithy/core/protocols'
import { Hash } from '@smithy/core/serde'
import { SignatureV4 } from '@smithy/signature-v4'

export interface SignedParts {
  readonly method: string
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

/** The request's headers with a version 4 signature for Lambda. */
export async function sign(
  parts: SignedParts,
  region: string,
  credentials: Credentials,
  signingDate: Date,
): Promise<Record<string, string>> {
  return (await signer(region, credentials).sign(requestOf(parts), { signingDate })).headers
}

/** Path and query with the signature in the query, valid for a number of seconds; `host` is the only signed header. */
export async function presign(
  parts: Omit<SignedParts, 'headers'>,
  region: string,
  credentials: Credentials,
  { now: signingDate, seconds: expiresIn }: { readonly now: Date; readonly seconds: number },
): Promise<string> {
  const request = requestOf({ ...parts, headers: {} })
  const { path, query } = await signer(region, credentials).presign(request, { signingDate, expiresIn })
  return `${path}?${buildQueryString(query ?? {})}`
}

function signer(region: string, credentials: Credentials): SignatureV4 {
  return new SignatureV4({
    region,
    credentials,
    service: 'lambda',
    sha256: Hash.bind(null, 'sha256'),
    applyChecksum: false,
  })
}

function requestOf({ method, url, headers, body }: SignedParts): HttpRequest {
  const { pathname: path, searchParams } = url
  const query = Object.fromEntries(Array.from(searchParams.keys(), (name) => [name, searchParams.getAll(name)]))
  return new HttpRequest({ method, path, query, headers: { ...headers, host: url.host }, body })
}
