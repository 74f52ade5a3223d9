import type { EventProgress } from './event-progress.ts'

/** An asynchronous invocation that was, or is about to be, answered 202. */
export interface QueuedEvent {
  /** The request id that the caller got, and that every attempt runs under. */
  readonly id: string
  readonly functionName: string
  readonly qualifier?: string
  /** The ARN as invoked. */
  readonly functionArn: string
  readonly payload: Uint8Array
  readonly clientContext?: string
  /** Whose event it is, of a function that keeps tenants apart. */
  readonly tenantId?: string
  readonly traceId?: string
  readonly acceptedMs: number
}

/** An event that its taker runs now. */
export interface TakenEvent extends QueuedEvent {
  /** As it was kept last; absent when nothing happened to the event yet. */
  readonly progress?: EventProgress
  /** What the function answered last, as it was kept. */
  readonly answer?: Uint8Array
}

export interface TakeRequest {
  /** At most this many events in all, and of one function. */
  readonly limit: number
  readonly perFunction: number
  /** Functions whose events wait. */
  readonly skip: ReadonlySet<string>
  /** Functions of which more or fewer are taken than of the others. */
  readonly shares?: ReadonlyMap<string, number>
  readonly nowMs: number
}

/** How far an event has come, kept with it for whoever takes it next. */
export interface EventStep {
  readonly progress: EventProgress
  /** Takes the place of the answer that is kept; an absent one leaves that. */
  readonly answer?: Uint8Array
}

/**
 * Where asynchronous events are kept. An event is ready, delayed until a time, in flight, or failed. Promises that every
 * implementation passes in `queue.contract.ts`: what `add` answered is run at least once whatever process dies; an event in
 * flight is given to nobody else until it is put back or its taker is gone, and then it is ready again, with what was kept of
 * its progress; functions are served in turn, each one's oldest events first, whatever another has waiting. Several servers
 * may share a queue: a taker is then gone when it has not been heard of for a while. Steps of an event that its taker does
 * not have in flight any more change nothing, but for `finish`.
 */
export interface EventQueue {
  /**
   * Resolves when the event is durable. An id that is there already is not added again; one that is added to be known for a
   * time is not either until then, also when the event is over.
   */
  add(event: QueuedEvent, knownForMs?: number): Promise<void>
  take(request: TakeRequest): Promise<TakenEvent[]>
  /** Removes an event that is over, also when its taker was thought to be gone meanwhile. */
  finish(id: string): Promise<void>
  /** Writes down how far an event in flight has come; it stays in flight. */
  note(id: string, step: EventStep): Promise<void>
  /** Hides an event in flight until the time given. */
  putBack(id: string, dueMs: number, step: EventStep): Promise<void>
  /** Puts an event in flight among its function's failed ones, of which the newest `most` stay. */
  fail(id: string, step: EventStep, most: number): Promise<void>
  /** When the next delayed event is due, as of the last take or later; undefined when none is delayed. */
  nextDueMs(): Promise<number | undefined>
  /** Of a queue that others add to as well: calls when there may be something to take. */
  onNews?(listener: () => void): void
}
