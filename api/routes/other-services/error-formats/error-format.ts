import type { IncomingHttpHeaders } from 'node:http'

/** What a client of another service is told. */
export interface OtherServiceError {
  readonly message: string
  readonly requestId: string
  /** Path of the request, without its query. */
  readonly path: string
  readonly headers: IncomingHttpHeaders
}

export interface WrittenError {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/** Writes an error as one of AWS's protocols does. */
export type ErrorFormat = (error: OtherServiceError) => WrittenError

/** A status that no SDK repeats, and a code that several services have. */
export const unsupported = { status: 400, code: 'UnsupportedOperation' } as const

/** SDKs that once spoke the query protocol with the service read the code from here. */
export function queryErrorHeader(headers: IncomingHttpHeaders): Readonly<Record<string, string>> {
  return headers['x-amzn-query-mode'] === 'true' ? { 'x-amzn-query-error': `${unsupported.code};Sender` } : {}
}
