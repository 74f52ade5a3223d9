import type { EventProgress } from './event-progress.ts'

/** An asynchronous invocation that is, or is about to be, acknowledged with status 202. */
export interface QueuedEvent {
  /** The request id that the caller received and that every attempt uses. */
  readonly id: string
  readonly functionName: string
  readonly qualifier?: string
  /** The ARN as invoked. */
  readonly functionArn: string
  readonly payload: Uint8Array
  readonly clientContext?: string
  /** The tenant, for a function with tenant isolation. */
  readonly tenantId?: string
  readonly traceId?: string
  readonly acceptedMs: number
}

/** An event in flight at its taker. */
export interface TakenEvent extends QueuedEvent {
  /** As last stored; absent for a new event. */
  readonly progress?: EventProgress
  /** The last response of the function, as stored. */
  readonly answer?: Uint8Array
}

export interface TakeRequest {
  /** Most events in total, and of one function. */
  readonly limit: number
  readonly perFunction: number
  /** Functions whose events are not taken. */
  readonly skip: ReadonlySet<string>
  /** Functions with a limit other than `perFunction`. */
  readonly shares?: ReadonlyMap<string, number>
  readonly nowMs: number
}

/** The progress of an event, stored with it for its next taker. */
export interface EventStep {
  readonly progress: EventProgress
  /** Replaces the stored response; when absent, that is unchanged. */
  readonly answer?: Uint8Array
}

/**
 * Stores asynchronous events. An event is ready, delayed until a time, in flight, or failed. Every implementation passes
 * `event-queue.contract.ts`: an event that `add` acknowledged runs at least once, whichever process dies; an event in flight
 * goes to no other taker until it is put back or its taker is dead, and is then ready again with its stored progress;
 * functions are served round-robin, oldest events first, however many events another function has. Several servers may share
 * a queue; a taker is then dead when its lease has expired. A step for an event that its taker no longer has in flight
 * changes nothing, except `finish`.
 */
export interface EventQueue {
  /**
   * Resolves when the event is durable. An id that exists is not added again. With `knownForMs`, the id is deduplicated for
   * that long, even after the event has ended.
   */
  add(event: QueuedEvent, knownForMs?: number): Promise<void>
  take(request: TakeRequest): Promise<TakenEvent[]>
  /** Removes an event that has ended, even when its taker was declared dead meanwhile. */
  finish(id: string): Promise<void>
  /** Stores the progress of an event in flight; it stays in flight. */
  note(id: string, step: EventStep): Promise<void>
  /** Hides an event in flight until the time given. */
  putBack(id: string, dueMs: number, step: EventStep): Promise<void>
  /** Marks an event in flight as failed. The newest `most` failed events of the function are kept. */
  fail(id: string, step: EventStep, most: number): Promise<void>
  /** When the next delayed event is due, as of the last take or later; undefined when none is delayed. */
  nextDueMs(): Promise<number | undefined>
  /** For a shared queue: calls the listener when there may be events to take. */
  onNews?(listener: () => void): void
}
