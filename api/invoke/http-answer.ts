import type { Readable } from 'node:stream'
import type { StreamedAnswer } from './streamed-answer.ts'

/** A streamed answer as HTTP: what the function wrote before its body, and the body, which goes on while it runs. */
export interface HttpAnswer {
  readonly statusCode: number
  readonly headers: Readonly<Record<string, string>>
  readonly cookies: readonly string[]
  readonly body: Readable
}

const httpContentType = 'application/vnd.awslambda.http-integration-response'
const marker = Buffer.alloc(8)
/** A prelude longer than this is none; it holds what HTTP puts into its head. */
const maxPreludeBytes = 1024 * 1024

/**
 * Reads the prelude of a function that writes HTTP: JSON with status, headers and cookies, then eight zero bytes. A function that
 * writes none answers 200 with its content type. Undefined when it failed before its first byte, or its prelude is none.
 */
export async function readHttpAnswer(answer: StreamedAnswer): Promise<HttpAnswer | undefined> {
  const { body, contentType, hasFailed } = answer
  if (hasFailed) return undefined
  if (!contentType.startsWith(httpContentType)) {
    return { statusCode: 200, headers: { 'content-type': contentType }, cookies: [], body }
  }
  const prelude = await readPrelude(body)
  return prelude && parse(prelude, body)
}

/** The bytes before the marker; what is behind it stays in the body. */
async function readPrelude(body: Readable): Promise<Buffer | undefined> {
  let read: Buffer = Buffer.alloc(0)
  for await (const piece of body.iterator({ destroyOnReturn: false })) {
    const from = Math.max(0, read.length - marker.length)
    read = Buffer.concat([read, piece as Buffer])
    const end = read.indexOf(marker, from)
    if (end >= 0) {
      const rest = read.subarray(end + marker.length)
      if (rest.length > 0) body.unshift(rest)
      return read.subarray(0, end)
    }
    if (read.length > maxPreludeBytes) return undefined
  }
  return undefined
}

function parse(prelude: Buffer, body: Readable): HttpAnswer | undefined {
  const value = parseJson(prelude)
  if (typeof value !== 'object' || value === null) return undefined
  const { statusCode = 200, headers = {}, cookies = [] } = value as Partial<Record<string, unknown>>
  const status = Number(statusCode)
  if (!Number.isInteger(status) || status < 100 || status > 599) return undefined
  if (typeof headers !== 'object' || headers === null || !Array.isArray(cookies)) return undefined
  const fields = Object.entries(headers).map(([name, field]) => [name.toLowerCase(), String(field)])
  return {
    statusCode: status,
    headers: Object.fromEntries(fields) as Record<string, string>,
    cookies: cookies.map(String),
    body,
  }
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString())
  } catch {
    return undefined
  }
}
