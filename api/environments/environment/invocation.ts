/** Takes an answer that the function streams. */
export interface AnswerSink {
  /** The first thing that comes, once. */
  begin(contentType: string): void
  /** Calls `taken` when the bytes are with the caller, or never will be: the function is held back until then. */
  write(bytes: Uint8Array, taken: () => void): void
}

/** One event on its way through an environment. */
export interface Invocation {
  readonly requestId: string
  readonly functionArn: string
  readonly payload: Uint8Array
  readonly tail: boolean
  readonly traceId?: string
  readonly clientContext?: string
  /** Whose event it is, for a function that keeps tenants apart. */
  readonly tenantId?: string
  /** Takes a streamed answer as it comes; without it the answer is collected. */
  readonly sink?: AnswerSink
  /** An asynchronous event, whose answer nobody waits for. */
  readonly isEvent?: true
}

/** What the function answered. A function error is an answer too. Of a streamed answer this is the end: no payload, or the error. */
export interface InvocationResult {
  readonly payload: Uint8Array
  readonly contentType: string
  readonly functionError?: 'Unhandled'
  /** Why a streamed answer broke off. */
  readonly errorType?: string
  /** Base64 of the log's last 4 KB, when `tail` was asked for. */
  readonly logTail?: string
}
