/** Receives a streamed response. */
export interface AnswerSink {
  /** Called first, and once. */
  begin(contentType: string): void
  /** Calls `taken` when the bytes were sent to the caller, or never will be: backpressure for the function. */
  write(bytes: Uint8Array, taken: () => void): void
}

/** One event for an environment. */
export interface Invocation {
  readonly requestId: string
  readonly functionArn: string
  readonly payload: Uint8Array
  readonly tail: boolean
  readonly traceId?: string
  readonly clientContext?: string
  /** The tenant, for a function with tenant isolation. */
  readonly tenantId?: string
  /** Receives a streamed response; without it the response is buffered. */
  readonly sink?: AnswerSink
  /** Set for an asynchronous event. */
  readonly isEvent?: true
}

/** The response of the function, or a function error. For a streamed response this is the end: no payload, or the error. */
export interface InvocationResult {
  readonly payload: Uint8Array
  readonly contentType: string
  readonly functionError?: 'Unhandled'
  /** Why a streamed response was interrupted. */
  readonly errorType?: string
  /** Base64 of the log's last 4 KB, when `tail` was asked for. */
  readonly logTail?: string
}
