import { createHmac, hash } from 'node:crypto'
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

const algorithm = 'AWS4-HMAC-SHA256'

/** Creates a signer that gets the credentials for each request. */
export function createSigner(parts: SignerParts): Signer {
  const keyOf = createSigningKeys()
  const begin = async ({ service, region }: SignatureScope) => {
    const { accessKeyId, secretAccessKey, sessionToken } = await find(parts.credentials)
    const time = new Date(parts.now()).toISOString().replaceAll(/[-:]|\.\d{3}/g, '')
    const scope = [time.slice(0, 8), region, service, 'aws4_request']
    return {
      time,
      credential: `${accessKeyId}/${scope.join('/')}`,
      sessionToken,
      sign: (request: string): string => {
        const text = [algorithm, time, scope.join('/'), hash('sha256', request)].join('\n')
        return hmac(keyOf(scope, secretAccessKey), text).toString('hex')
      },
    }
  }
  return {
    async signHeaders(scope, { method, url: { host, pathname }, headers: given, body }) {
      const { time, credential, sessionToken, sign } = await begin(scope)
      const token = sessionToken === undefined ? {} : { 'x-amz-security-token': sessionToken }
      const headers = sorted({ ...given, host, 'x-amz-date': time, ...token })
      // The encoded path is encoded once more for signing.
      const path = pathname.split('/').map(encodeURIComponent).join('/')
      const names = headers.map(([name]) => name).join(';')
      const lines = headers.map(([name, value]) => `${name}:${value}\n`).join('')
      const signature = sign([method, path, '', lines, names, hash('sha256', body)].join('\n'))
      const authorization = `${algorithm} Credential=${credential}, SignedHeaders=${names}, Signature=${signature}`
      return { ...Object.fromEntries(headers), authorization }
    },
    async signAddress(scope, { origin, host, pathname, searchParams }, expiresSeconds) {
      const { time, credential, sessionToken, sign } = await begin(scope)
      const pairs = sorted({
        ...Object.fromEntries(searchParams),
        'X-Amz-Algorithm': algorithm,
        'X-Amz-Credential': credential,
        'X-Amz-Date': time,
        'X-Amz-Expires': String(expiresSeconds),
        'X-Amz-SignedHeaders': 'host',
        ...(sessionToken === undefined ? {} : { 'X-Amz-Security-Token': sessionToken }),
      })
      const query = pairs.map((pair) => pair.map(encodeURIComponent).join('=')).join('&')
      const signature = sign(['GET', pathname, query, `host:${host}\n`, 'host', hash('sha256', '')].join('\n'))
      return `${origin}${pathname}?${query}&X-Amz-Signature=${signature}`
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

function sorted(values: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(values).sort(([one], [other]) => (one < other ? -1 : 1))
}

/** Returns the signing key of a scope: day, region and service. */
type SigningKeys = (scope: readonly string[], secretAccessKey: string) => Buffer

/** Derives each key once, and caches the newest one of each region and service. */
function createSigningKeys(): SigningKeys {
  const cached = new Map<string, { readonly of: string; readonly key: Buffer }>()
  return (scope, secretAccessKey) => {
    const [of, region] = [[...scope, secretAccessKey].join('/'), scope.slice(1).join('/')]
    const known = cached.get(region)
    if (known?.of === of) return known.key
    const key = scope.reduce<Buffer>(hmac, Buffer.from(`AWS4${secretAccessKey}`))
    cached.set(region, { of, key })
    return key
  }
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
