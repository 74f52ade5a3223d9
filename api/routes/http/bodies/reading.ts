import type { Decoded, RawRequest } from '../../../model/decode.ts'
import type { OperationName } from '../../../model/operations.ts'

/** What the thread is asked: the input of an operation, or whether an event is JSON. */
export type Reading =
  | { readonly kind: 'decode'; readonly operation: OperationName; readonly request: RawRequest }
  | { readonly kind: 'check'; readonly payload: Uint8Array }

export interface Job {
  readonly id: number
  readonly reading: Reading
}

/** A `LambdaError` as it passes between threads. */
export interface Refusal {
  readonly name: string
  readonly status: number
  readonly message: string
  readonly members: Readonly<Record<string, string>>
  readonly capitalMessage: boolean
}

export type ReadResult =
  { readonly input: Decoded } | { readonly refusal: Refusal } | { readonly fault: string | undefined }
