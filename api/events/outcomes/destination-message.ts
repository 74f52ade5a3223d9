/** A message to a destination or a dead-letter target. */
export interface DestinationMessage {
  readonly targetArn: string
  /** AWS's record as JSON; for a dead letter, the original event. */
  readonly body: string
  /** Set for a dead letter only. */
  readonly attributes?: DeadLetterAttributes
  /** The request id, the function and the ARN, always qualified, of the completed event. */
  readonly eventId: string
  readonly functionName: string
  readonly functionArn: string
  readonly isSuccess: boolean
  readonly endedMs: number
  /** Carries the lineage of the function, for recursive loop detection. */
  readonly traceHeader: string
  /** The S3 key, when it differs from that of asynchronous invocations. */
  readonly objectKey?: string
}

/** Message attributes of a dead letter (reference 6.3). */
export interface DeadLetterAttributes {
  readonly requestId: string
  readonly errorCode: number
  readonly errorMessage?: string
}

/**
 * Delivers a message to its target. Resolves once the target has acknowledged it. Otherwise rejects, and the same message may be
 * sent again. Retrying an `Undeliverable` is useless.
 */
export type Deliver = (message: DestinationMessage, signal: AbortSignal) => Promise<void>

/** This server can never deliver to the target; the message says why. */
export class Undeliverable extends Error {}
