/** One event on its way through an environment. */
export interface Invocation {
  readonly requestId: string
  readonly functionArn: string
  readonly payload: Uint8Array
  readonly tail: boolean
  readonly traceId?: string
  readonly clientContext?: string
}

/** What the function answered. A function error is an answer too. */
export interface InvocationResult {
  readonly payload: Uint8Array
  readonly contentType: string
  readonly functionError?: 'Unhandled'
  /** Base64 of the log's last 4 KB, when `tail` was asked for. */
  readonly logTail?: string
}
