import { request as plain } from 'node:http'
import { request as secure } from 'node:https'
import { buffer } from 'node:stream/consumers'
import { sign, type Credentials, type SignedParts } from './signature.ts'
import type { Target } from './target.ts'

/** A request as it goes over the wire: nothing is encoded or added but the signature. */
export interface RawRequest {
  readonly method: string
  /** Path and query, already encoded. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  /** Deviations from a valid signature. */
  readonly signing?: Signing
}

export interface Signing {
  /** No signature at all. */
  readonly isMissing?: boolean
  readonly credentials?: Partial<Credentials>
  readonly region?: string
  readonly date?: Date
  /** The body that is signed, when it differs from the one that is sent. */
  readonly body?: string
}

export interface RawResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
  /** The body as JSON; undefined when it is not. */
  readonly json: unknown
}

/** Sends a signed request, also one that the SDK could not produce. */
export async function sendRaw(target: Target, request: RawRequest): Promise<RawResponse> {
  const body = Buffer.from(request.body ?? '')
  const url = new URL(request.path, target.endpoint)
  const headers = { 'content-type': 'application/json', ...request.headers }
  const sent = await signed(target, { method: request.method, url, headers, body }, request.signing)
  return exchange(url, request, { ...sent, 'content-length': String(body.length) }, body)
}

async function signed(
  target: Target,
  parts: SignedParts,
  { isMissing = false, date = new Date(), region = target.region, ...other }: Signing = {},
): Promise<Record<string, string>> {
  if (isMissing) return { ...parts.headers, host: parts.url.host }
  const credentials = { ...(await target.client.config.credentials()), ...other.credentials }
  const body = other.body === undefined ? parts.body : Buffer.from(other.body)
  return sign({ ...parts, body }, region, credentials, date)
}

function exchange(url: URL, request: RawRequest, headers: Record<string, string>, body: Buffer): Promise<RawResponse> {
  const send = url.protocol === 'https:' ? secure : plain
  return new Promise((resolve, reject) => {
    const outgoing = send(url, { method: request.method, path: request.path, headers }, (incoming) => {
      buffer(incoming).then((bytes) => {
        const text = bytes.toString('utf8')
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text, json: parsed(text) })
      }, reject)
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
