import { setTimeout as wait } from 'node:timers/promises'

/** The maximum backoff for a source that cannot be polled, or a batch that failed. */
const maxBackoffMs = 60_000

/** Waits for this long, or until the signal aborts. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await wait(ms, undefined, { signal })
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

/** Whether the signal has aborted. A function, since TypeScript assumes that a property stays as it was when last checked. */
export function isOver(signal: AbortSignal): boolean {
  return signal.aborted
}

/** One second, doubled with each failure, up to a minute. */
export function backOffMs(failures: number): number {
  return Math.min(maxBackoffMs, 1000 * 2 ** Math.min(failures, 10))
}
