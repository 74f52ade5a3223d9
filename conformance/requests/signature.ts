import { createHash, createHmac } from 'node:crypto'

export interface SignedParts {
  readonly method: string
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string | undefined
}

const algorithm = 'AWS4-HMAC-SHA256'

/** The request's headers with a version 4 signature for Lambda: the path is signed as it is sent, encoded once more. */
export function sign(parts: SignedParts, region: string, credentials: Credentials, now: Date): Record<string, string> {
  const time = now.toISOString().replaceAll(/[-:]|\.\d{3}/g, '')
  const scope = `${time.slice(0, 8)}/${region}/lambda/aws4_request`
  const token = credentials.sessionToken === undefined ? {} : { 'x-amz-security-token': credentials.sessionToken }
  const headers = { ...lowerCased(parts.headers), ...token, host: parts.url.host, 'x-amz-date': time }
  const names = Object.keys(headers).sort()
  const text = [algorithm, time, scope, sha256(canonicalRequest(parts, headers, names))].join('\n')
  const signature = hmac(signingKey(credentials.secretAccessKey, scope), text).toString('hex')
  const credential = `Credential=${credentials.accessKeyId}/${scope}`
  return {
    ...headers,
    authorization: `${algorithm} ${credential}, SignedHeaders=${names.join(';')}, Signature=${signature}`,
  }
}

/** Path and query with the signature in the query, good for a number of seconds; the host is the one header that it is over. */
export function presign(
  parts: Omit<SignedParts, 'headers'>,
  region: string,
  credentials: Credentials,
  { now, seconds }: { readonly now: Date; readonly seconds: number },
): string {
  const time = now.toISOString().replaceAll(/[-:]|\.\d{3}/g, '')
  const scope = `${time.slice(0, 8)}/${region}/lambda/aws4_request`
  const query = {
    'X-Amz-Algorithm': algorithm,
    'X-Amz-Credential': `${credentials.accessKeyId}/${scope}`,
    'X-Amz-Date': time,
    'X-Amz-Expires': String(seconds),
    'X-Amz-SignedHeaders': 'host',
    ...(credentials.sessionToken === undefined ? {} : { 'X-Amz-Security-Token': credentials.sessionToken }),
  }
  const added = Object.entries(query).map(([name, value]) => `${name}=${encode(value)}`)
  const url = new URL(`${parts.url.href}${parts.url.search === '' ? '?' : '&'}${added.join('&')}`)
  const canonical = canonicalRequest({ ...parts, url, headers: {} }, { host: url.host }, ['host'])
  const text = [algorithm, time, scope, sha256(canonical)].join('\n')
  const signature = hmac(signingKey(credentials.secretAccessKey, scope), text).toString('hex')
  return `${url.pathname}${url.search}&X-Amz-Signature=${signature}`
}

function canonicalRequest(parts: SignedParts, headers: Record<string, string>, names: readonly string[]): string {
  const path = parts.url.pathname.split('/').map(encode).join('/')
  const query = [...parts.url.searchParams].map(([name, value]) => `${encode(name)}=${encode(value)}`).sort()
  const lines = names.map((name) => `${name}:${headers[name]?.trim().replaceAll(/ +/g, ' ') ?? ''}\n`)
  return [parts.method, path, query.join('&'), lines.join(''), names.join(';'), sha256(parts.body)].join('\n')
}

function signingKey(secret: string, scope: string): Buffer {
  return scope.split('/').reduce<Buffer>((key, part) => hmac(key, part), Buffer.from(`AWS4${secret}`))
}

function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}

function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

function sha256(bytes: string | Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
