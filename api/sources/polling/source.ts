import { MissingEndpoint } from '../../aws/endpoint.ts'
import type { AwsServices } from '../../aws/services.ts'
import type { Lease } from './lease.ts'
import type { PollSettings } from '../mappings/poll-settings.ts'
import type { RunBatch } from './batch-run.ts'
import type { Checkpoints } from './checkpoints.ts'

/**
 * One event source of one mapping. Every source passes `source.contract.ts`: a record that was not discarded is run at least
 * once, however often polling stops and resumes. Records of one part and group are run in order. Polling stops soon after its
 * signal aborts, and leaves nothing running: a request that may still bring records is not broken off, and what it brings is
 * run.
 */
export interface Source {
  /**
   * The parts that are polled independently, each by one server: the queue, or the shards that are open and not yet read to
   * their end.
   */
  parts(): Promise<readonly string[]>
  /** Polls a part until the signal aborts or the part is read to its end. Rejects on errors, to be polled again. */
  poll(part: string, lease: Lease, signal: AbortSignal): Promise<void>
  /** Removes what the source's service stores for a deleted mapping. */
  remove?(): Promise<void>
  /** Releases resources when no part is polled any more; absent if there are none. */
  close?(): Promise<void>
}

export interface SourceParts {
  readonly settings: PollSettings
  readonly services: AwsServices
  readonly run: RunBatch
  readonly checkpoints: Checkpoints
  /** Accepts an asynchronous event for the function. */
  readonly accept: AcceptEvent
  /** Sends the record of a discarded batch to the mapping's on-failure destination. */
  readonly discard: DiscardBatch
  /** Reports the result of polls and batches, to be shown by the mapping; undefined shows none. */
  readonly report: (result: string | undefined) => void
  /** Logs and shows that records of a part may be lost, such as those that the source deleted before they were read. */
  readonly lost: (part: string, reason: string) => void
  /** Called once per poll when the source was reached, so that the mapping no longer reports it as unreachable. */
  readonly reached: () => void
  /**
   * These parts with the settings that the mapping has by now, for what a poll brings after its end; undefined if they have not
   * changed, or if the mapping was deleted.
   */
  readonly renewed: () => SourceParts | undefined
  readonly newId: () => string
  /** Epoch milliseconds. */
  readonly now: () => number
}

/** An asynchronous event, as an asynchronous invocation of the function creates it. */
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

/** Resolves when the event is durable. An id that was accepted within the last `knownForMs` is ignored. */
export type AcceptEvent = (event: SourceEvent, knownForMs: number) => Promise<void>

/** A batch that is not retried. */
export interface FailureRecord {
  /** The id of the last invocation, or a new one. */
  readonly id: string
  /** AWS's record (reference 8.3). */
  readonly record: object
  /** The event of the batch as JSON text, which buckets store too. */
  readonly payload: string
  readonly part: string
  /** Delivers the record to a destination that only the source can reach. Rejects unless delivery is acknowledged. */
  readonly send?: (signal: AbortSignal) => Promise<void>
}

export type DiscardBatch = (failure: FailureRecord) => Promise<void>

/** A source cannot be polled. The message is shown by the mapping, in AWS's words where they are known. */
export class SourceFault extends Error {}

/** The text that a mapping shows for this error; undefined for internal errors. */
export function shownText(error: unknown): string | undefined {
  return error instanceof SourceFault || error instanceof MissingEndpoint ? error.message : undefined
}
