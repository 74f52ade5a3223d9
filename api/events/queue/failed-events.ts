import type { EventProgress } from './event-progress.ts'
import type { QueuedEvent } from './event-queue.ts'

export type EventState = 'ready' | 'delayed' | 'inFlight' | 'failed'

/** How many events a function has in each state. */
export interface EventCounts extends Readonly<Record<EventState, number>> {
  readonly functionName: string
}

/** An event without its payload and response. */
export interface ListedEvent extends Omit<QueuedEvent, 'payload'> {
  readonly state: EventState
  readonly progress?: EventProgress
  /** Set for a delayed event. */
  readonly dueMs?: number
}

/** An event with everything that is stored of it. */
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
 * An operator's view of the events in a queue, failed ones above all. Every implementation passes `failed-events.contract.ts`.
 * Each change is durable when it resolves. Only `discard` changes events in flight.
 */
export interface FailedEvents {
  /** Functions with events, by name in byte order, after the given name. */
  counts(page: { readonly after?: string; readonly limit: number }): Promise<EventCounts[]>
  /** A function's events in one state, oldest first. The cursor leads to the next page; absent on the last. */
  list(page: EventPage): Promise<{ readonly events: readonly ListedEvent[]; readonly cursor?: string }>
  find(id: string): Promise<StoredEvent | undefined>
  /** Makes a delayed or failed event ready; a failed one starts over, without progress. Returns false in any other state. */
  release(id: string): Promise<boolean>
  /** Removes an event that is not in flight. Returns false when it is in flight or does not exist. */
  remove(id: string): Promise<boolean>
  /** A mark behind the newest event of the queue: all that are added later have a later one. */
  mark(): Promise<number>
  /**
   * Removes the events of a function up to the mark in every state, in flight included: what its taker stores of such an event changes
   * nothing. Returns how many there were.
   */
  discard(functionName: string, mark: number): Promise<number>
}
