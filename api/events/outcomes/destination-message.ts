/** What a destination or a dead-letter target is to take. */
export interface DestinationMessage {
  readonly targetArn: string
  /** AWS's record as JSON text; of a dead letter, the event as it was sent. */
  readonly body: string
  /** Of a dead letter alone. */
  readonly attributes?: DeadLetterAttributes
  /** The request id, the function and the ARN, always qualified, of the event that is over. */
  readonly eventId: string
  readonly functionName: string
  readonly functionArn: string
  readonly isSuccess: boolean
  readonly endedMs: number
  /** Counts the function among those that led to what the target does with it. */
  readonly traceHeader: string
  /** Where a bucket keeps it, when not where those of asynchronous invocations are. */
  readonly objectKey?: string
}

/** Message attributes of a dead letter (reference 6.3). */
export interface DeadLetterAttributes {
  readonly requestId: string
  readonly errorCode: number
  readonly errorMessage?: string
}

/**
 * Takes a parcel to its target. Resolves once the target has it, and rejects when that is not known: the same parcel may then
 * be sent again. Trying again an `Undeliverable` is of no use.
 */
export type Deliver = (message: DestinationMessage, signal: AbortSignal) => Promise<void>

/** The target cannot be reached from this server, whatever time passes; the message says why. */
export class Undeliverable extends Error {}
