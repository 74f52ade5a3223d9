import type { LookupFunction } from 'node:net'
import { request as plain, type IncomingHttpHeaders } from 'node:http'
import { request as secure } from 'node:https'
import { lookup } from 'node:dns'
import { text } from 'node:stream/consumers'

export interface UrlCall {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
}

export interface UrlAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

/** Not every machine knows that names below `localhost` lead to itself (RFC 6761). */
const lookupLocalhost: LookupFunction = (hostname, options, callback) => {
  lookup(hostname.endsWith('.localhost') ? 'localhost' : hostname, options, callback)
}

/** Sends an HTTP request to a function URL, which may have a path of its own; `path` is appended as it is. */
export function callUrl(functionUrl: string, path: string, call: UrlCall = {}): Promise<UrlAnswer> {
  const url = new URL(functionUrl)
  const { method = 'GET', headers = {}, body = '' } = call
  const length = Buffer.byteLength(body)
  const sent = { ...headers, ...(length > 0 && { 'content-length': String(length) }) }
  const whole = `${url.pathname.replace(/\/$/, '')}${path}`
  const options = { method, path: whole, headers: sent, lookup: lookupLocalhost, agent: false as const }
  return new Promise((resolve, reject) => {
    const outgoing = (url.protocol === 'https:' ? secure : plain)(url, options, (incoming) => {
      const { statusCode = 0, headers: received } = incoming
      text(incoming).then((read) => resolve({ status: statusCode, headers: received, text: read }), reject)
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}
