import { buildQueryString, HttpRequest } from '@smithy/core/protocols'
import { Hash } from '@smithy/core/serde'
import { SignatureV4 } from '@smithy/signature-v4'
import { MissingCredentials, type Credentials } from './credentials.ts'

export interface SignerParts {
  readonly credentials: () => Promise<Credentials>
  /** Epoch milliseconds. */
  readonly now: () => number
}

/** The service and region that a signature is valid for. */
export interface SignatureScope {
  readonly service: string
  readonly region: string
}

export interface UnsignedRequest {
  readonly method: 'GET' | 'POST'
  /** Without a query. */
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Signs with AWS's Signature Version 4. Rejects with `MissingCredentials` if there are none. */
export interface Signer {
  /** Returns the headers to send, including the signature. */
  signHeaders(scope: SignatureScope, request: UnsignedRequest): Promise<Record<string, string>>
  /** Returns the presigned URL for a GET without a body, valid for this long. */
  signAddress(scope: SignatureScope, url: URL, expiresSeconds: number): Promise<string>
}

/** Creates a signer that gets the credentials for each request. */
export function createSigner({ credentials, now }: SignerParts): Signer {
  const signature = new SignatureV4({
    credentials: () => find(credentials),
    sha256: Hash.bind(null, 'sha256'),
    applyChecksum: false,
    // Set for each request.
    region: '',
    service: '',
  })
  const scoped = ({ service, region }: SignatureScope) => ({
    signingService: service,
    signingRegion: region,
    signingDate: new Date(now()),
  })
  return {
    async signHeaders(scope, { method, url, headers: given, body }) {
      const headers = { ...given, host: url.host }
      const request = new HttpRequest({ method, path: url.pathname, headers, body })
      return (await signature.sign(request, scoped(scope))).headers
    },
    async signAddress(scope, url, expiresIn) {
      const { origin, host, pathname: path, searchParams } = url
      const query = Object.fromEntries(searchParams)
      const request = new HttpRequest({ method: 'GET', path, query, headers: { host } })
      const signed = await signature.presign(request, { ...scoped(scope), expiresIn })
      return `${origin}${path}?${buildQueryString(signed.query ?? {})}`
    },
  }
}

async function find(credentials: () => Promise<Credentials>): Promise<Credentials> {
  try {
    return await credentials()
  } catch (cause) {
    throw new MissingCredentials(
      'No AWS credentials are found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the server a role.',
      { cause },
    )
  }
}
