import type { IncomingHttpHeaders } from 'node:http'
import type { Readable } from 'node:stream'
import type { OperationName } from '../../model/operations.ts'

/** What a handler may need of a request beyond its input. */
export interface RequestContext {
  /** The value of `x-amzn-RequestId`, a UUID. */
  readonly requestId: string
  /** The address at which the caller reached the server, such as `http://127.0.0.1:9000`. */
  readonly baseUrl: string
  readonly headers: IncomingHttpHeaders
}

/** Members in AWS's spelling, decoded and validated against the model. */
export type Input = Readonly<Record<string, unknown>>

/** Members in AWS's spelling. Undefined ones are omitted; `Date` and `Buffer` are encoded as the member's shape demands. */
export type Output = Readonly<Record<string, unknown>>

export interface AnswerOptions {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** The streamed body; the output then has the headers only. */
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
 * Handles one operation, or throws a `LambdaError`. The input is always an `Input`; a handler may declare only the members it
 * reads, such as `(input: { readonly FunctionName: string }) => …`, since the model has validated them.
 */
export type Handler = (input: never, context: RequestContext) => Promise<Output | Answer>

/** The operations that are implemented. */
export type Handlers = Partial<Record<OperationName, Handler>>
