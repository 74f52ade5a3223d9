import type { EventProgress } from './event-progress.ts'
import type { QueuedEvent } from './event-queue.ts'

export type EventState = 'ready' | 'delayed' | 'inFlight' | 'failed'

/** How many events a function has in each state. */
export interface EventCounts extends Readonly<Record<EventState, number>> {
  readonly functionName: string
}

/** An event without the bytes that it carries. */
export interface ListedEvent extends Omit<QueuedEvent, 'payload'> {
  readonly state: EventState
  readonly progress?: EventProgress
  /** Of a delayed event. */
  readonly dueMs?: number
}

/** An event with all that is kept of it. */
export interface StoredEvent extends ListedEvent {
  readonly payload: Uint8Array
  readonly answer?: Uint8Array
}

export interface EventPage {
  readonly functionName: string
  readonly state: EventState
  /** From an earlier page; absent for the first. */
  readonly cursor?: string
  readonly limit: number
}

/**
 * What an operator sees and does of the events that a queue keeps; `failed-events.contract.ts` holds every implementation to
 * it. Each change is durable when it resolves. An event in flight is never changed.
 */
export interface FailedEvents {
  /** Functions that have events, by name in byte order, after the given name. */
  counts(page: { readonly after?: string; readonly limit: number }): Promise<EventCounts[]>
  /** A function's events in one state, oldest first. The cursor leads to the next page; absent on the last. */
  list(page: EventPage): Promise<{ readonly events: readonly ListedEvent[]; readonly cursor?: string }>
  find(id: string): Promise<StoredEvent | undefined>
  /** Makes a delayed or failed event ready; a failed one starts over, without progress. False when it is neither. */
  release(id: string): Promise<boolean>
  /** Removes an event that is not in flight; false when it is, or is not there. */
  remove(id: string): Promise<boolean>
}
