import type { IncomingHttpHeaders } from 'node:http'
import type { Readable } from 'node:stream'
import type { OperationName } from '../../model/operations.ts'

/** What a handler may want to know of a request beyond its input. */
export interface RequestContext {
  /** The value of `x-amzn-RequestId`, a UUID. */
  readonly requestId: string
  /** How the caller reached the server, such as `http://127.0.0.1:9000`. */
  readonly baseUrl: string
  readonly headers: IncomingHttpHeaders
}

/** Members in AWS's spelling, decoded and validated against the model. */
export type Input = Readonly<Record<string, unknown>>

/** Members in AWS's spelling; undefined ones are left out, `Date` and `Buffer` are written as the member's shape wants. */
export type Output = Readonly<Record<string, unknown>>

export interface AnswerOptions {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** The body, as it comes; the output then has the headers alone. */
  readonly stream?: Readable
}

/** An output with another status than the model's, with further headers, or with a body that is streamed. */
export class Answer {
  readonly output: Output
  readonly status: number | undefined
  readonly headers: Readonly<Record<string, string>> | undefined
  readonly stream: Readable | undefined

  constructor(output: Output, options: AnswerOptions = {}) {
    this.output = output
    this.status = options.status
    this.headers = options.headers
    this.stream = options.stream
  }
}

/**
 * Answers one operation, or throws a `LambdaError`. The input is always an `Input`; a handler may declare just the members it
 * reads, such as `(input: { readonly FunctionName: string }) => …`, since the model has checked them.
 */
export type Handler = (input: never, context: RequestContext) => Promise<Output | Answer>

/** The operations that are built. */
export type Handlers = Partial<Record<OperationName, Handler>>
