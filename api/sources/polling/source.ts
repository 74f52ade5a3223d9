import { MissingEndpoint } from '../../aws/endpoint.ts'
import type { AwsServices } from '../../aws/services.ts'
import type { Lease } from './lease.ts'
import type { PollSettings } from '../mappings/poll-settings.ts'
import type { RunBatch } from './batch-run.ts'
import type { Checkpoints } from './checkpoints.ts'

/**
 * One event source of one mapping. What every source promises, and its tests hold: a record that was not given up
 * is run at least once, whenever polling ends and begins again; records of one part and group are run in order; polling ends
 * soon after its signal aborts, with nothing of it running any more.
 */
export interface Source {
  /** Names of what is polled apart, each by one server: the queue, or shards that are open and not yet read to their end. */
  parts(): Promise<readonly string[]>
  /** Polls a part until the signal aborts or it is read to its end; rejects with what went wrong, to be polled again. */
  poll(part: string, lease: Lease, signal: AbortSignal): Promise<void>
  /** The mapping is gone: removes what the source's server keeps of it. */
  remove?(): Promise<void>
  /** Gives back what it holds when nothing of it is polled any more; absent where it holds nothing. */
  close?(): Promise<void>
}

export interface SourceParts {
  readonly settings: PollSettings
  readonly services: AwsServices
  readonly run: RunBatch
  readonly checkpoints: Checkpoints
  /** Takes an asynchronous event for the function. */
  readonly accept: AcceptEvent
  /** Sends the record of a batch given up to the mapping's on-failure destination. */
  readonly discard: DiscardBatch
  /** Told what became of polls and batches, for the mapping to show; nothing when all is well and nothing is to be shown. */
  readonly report: (result: string | undefined) => void
  /** Told when a source could be polled, once in a poll: that it could not is not to be shown any more. */
  readonly reached: () => void
  readonly newId: () => string
  /** Epoch milliseconds. */
  readonly now: () => number
}

/** An asynchronous event, as if somebody had invoked the function. */
export interface SourceEvent {
  readonly id: string
  readonly functionName: string
  readonly qualifier?: string
  readonly functionArn: string
  readonly payload: Uint8Array
  readonly traceId: string
  /** Epoch milliseconds. */
  readonly acceptedMs: number
}

/** Resolves when the event is durable; one whose id was given so short a time ago is not taken again. */
export type AcceptEvent = (event: SourceEvent, knownForMs: number) => Promise<void>

/** A batch that is not tried any more. */
export interface FailureRecord {
  /** Of the last invocation, or one of its own. */
  readonly id: string
  /** AWS's record (reference 8.3). */
  readonly record: object
  /** What was to be run; buckets keep it too. */
  readonly payload: object | string
  readonly part: string
  /** Takes it to a destination that only the source can reach; rejects when it is not known to be there. */
  readonly send?: (signal: AbortSignal) => Promise<void>
}

export type DiscardBatch = (failure: FailureRecord) => Promise<void>

/** What a mapping shows of a source that cannot be polled, in AWS's words where they are known. */
export class SourceFault extends Error {}

/** What a mapping shows of this error; nothing when the error is not for its user. */
export function shownText(error: unknown): string | undefined {
  return error instanceof SourceFault || error instanceof MissingEndpoint ? error.message : undefined
}
