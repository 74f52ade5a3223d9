import { setTimeout as wait } from 'node:timers/promises'

/** The longest time between two tries of a source that cannot be polled, or of a batch that failed. */
const longestBackOffMs = 60_000

/** Waits so long, or until the signal aborts. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await wait(ms, undefined, { signal })
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

/** Whether the signal has aborted by now; a property that was looked at once is thought to stay as it was. */
export function isOver(signal: AbortSignal): boolean {
  return signal.aborted
}

/** One second, doubled with each failure, a minute at most. */
export function backOffMs(failures: number): number {
  return Math.min(longestBackOffMs, 1000 * 2 ** Math.min(failures, 10))
}
