import type { Readable } from 'node:stream'
import type { InvocationResult } from '../../environments/environment/invocation.ts'
import { readHttpPrelude } from '../../invoke/http-prelude.ts'
import { readableOf, type StreamedAnswer } from '../../invoke/streamed-answer.ts'

/** The HTTP response of a function URL. */
export interface UrlAnswer {
  readonly status: number
  /** A name may occur more than once. */
  readonly headers: readonly (readonly [string, string])[]
  readonly body: Buffer | Readable
}

const json = 'application/json'
/** Set by the server, whatever the function returns. */
const ofTheConnection = new Set(['connection', 'content-length', 'keep-alive', 'transfer-encoding', 'upgrade'])
const headerName = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/i
/** The characters that HTTP allows in a header's value. */
const headerValue = /^[^\x00-\x08\x0A-\x1F\x7F\u0100-\uFFFF]*$/

/** The response for the result of a function. Function errors and malformed results are 502 (reference 9.2, 9.4). */
export function bufferedUrlAnswer(result: InvocationResult): UrlAnswer {
  if (result.functionError !== undefined) return internalServerError()
  try {
    return buffered(result)
  } catch {
    return internalServerError()
  }
}

/**
 * The response of a streaming URL: with a prelude the function sets status and headers, else its bytes are the body (reference
 * 9.5). A function that fails before its first byte is 502; a later failure cuts the body off.
 */
export async function streamedUrlAnswer(answer: StreamedAnswer): Promise<UrlAnswer> {
  if (answer.hasFailed) return internalServerError()
  try {
    const prelude = await readHttpPrelude(answer)
    const body = readableOf(answer, bytesOf)
    if (prelude === undefined) return { status: 200, headers: [['content-type', answer.contentType]], body }
    const { status, headers } = proxyAnswer({ statusCode: 200, ...prelude, body: '' })
    return { status, headers, body }
  } catch {
    answer.body.destroy()
    return internalServerError()
  }
}

/** Ends with an error if the response was cut off, so that the connection is closed. */
async function* bytesOf({ body, end }: StreamedAnswer): AsyncGenerator<Buffer> {
  for await (const bytes of body) yield bytes as Buffer
  const { error } = await end
  if (error !== undefined) throw new Error(`The function failed after its first byte: ${error.code}`)
}

/** The response when the function failed. */
export function internalServerError(): UrlAnswer {
  return { status: 502, headers: [['content-type', json]], body: Buffer.from('Internal Server Error') }
}

function buffered({ payload }: InvocationResult): UrlAnswer {
  const value: unknown = JSON.parse(Buffer.from(payload).toString('utf8'))
  if (typeof value === 'object' && value !== null && 'statusCode' in value) return proxyAnswer(value)
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return { status: 200, headers: [['content-type', json]], body: Buffer.from(text) }
}

function proxyAnswer(value: object): UrlAnswer {
  const { statusCode, headers = {}, body, cookies = [], isBase64Encoded = false } = value as Record<string, unknown>
  const status = typeof statusCode === 'string' ? Number(statusCode) : statusCode
  if (typeof status !== 'number' || !Number.isInteger(status) || status < 200 || status > 599) {
    throw new Error('The status code is none.')
  }
  return {
    status,
    headers: [...headersOf(headers), ...cookiesOf(cookies)],
    body: bodyOf(body, isBase64Encoded === true),
  }
}

function headersOf(given: unknown): (readonly [string, string])[] {
  if (given !== null && (typeof given !== 'object' || Array.isArray(given))) throw new Error('The headers are none.')
  const headers = Object.entries(given ?? {})
    .map(([name, value]) => [name.toLowerCase(), text(value)] as const)
    .filter(([name]) => !ofTheConnection.has(name))
  if (!headers.every(([name, value]) => headerName.test(name) && headerValue.test(value))) {
    throw new Error('A header is none.')
  }
  return headers.some(([name]) => name === 'content-type') ? headers : [['content-type', json], ...headers]
}

function cookiesOf(given: unknown): (readonly [string, string])[] {
  const cookies = (Array.isArray(given) ? given : []).map(text)
  if (!cookies.every((cookie) => headerValue.test(cookie))) throw new Error('A cookie is none.')
  return cookies.map((cookie) => ['set-cookie', cookie] as const)
}

function bodyOf(body: unknown, isBase64: boolean): Buffer {
  if (body === undefined || body === null) return Buffer.alloc(0)
  return typeof body === 'string' ? Buffer.from(body, isBase64 ? 'base64' : 'utf8') : Buffer.from(JSON.stringify(body))
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
