import { LambdaError } from '../errors.ts'
import type { QueuedEvent } from './queue.ts'

/** What came of an event; a function error is an outcome too. */
export interface Outcome {
  readonly functionError?: string
}

/** Runs one event; rejects when it was not run. A function error is no rejection. */
export type RunEvent = (event: QueuedEvent) => Promise<Outcome>

/** AWS's default for the age at which an event that could not be run is given up. */
const maxAgeMs = 6 * 60 * 60 * 1000
const firstBackOffMs = 1000
const longestBackOffMs = 5 * 60 * 1000

/**
 * Runs the event and answers whether it is over. Throttles and our faults are not the event's fault: it is tried again, until it
 * is too old. What else the invocation refuses, such as a function that is gone, ends it.
 */
export async function attempt(
  event: QueuedEvent,
  run: RunEvent,
  nowMs: () => number,
): Promise<{ isOver: boolean; refusal?: unknown }> {
  try {
    await run(event)
    return { isOver: true }
  } catch (refusal) {
    const isFinal = refusal instanceof LambdaError && refusal.status < 500 && refusal.status !== 429
    return { isOver: isFinal || nowMs() - event.acceptedMs > maxAgeMs, refusal }
  }
}

/** How long an event that could not be run waits before the next attempt: 1 s, doubled each time, 5 minutes at most. */
export function backOffMs(attempts: number): number {
  return Math.min(longestBackOffMs, firstBackOffMs * 2 ** Math.min(attempts, 20))
}
