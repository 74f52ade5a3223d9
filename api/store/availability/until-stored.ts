import { setTimeout as delay } from 'node:timers/promises'
import { isStoreUnavailable } from '../../errors.ts'

const retryMs = 250

/** Retries a step until it is stored: else an event would stay in flight as long as this process lives. */
export async function untilStored(step: () => Promise<void>, closing: AbortSignal): Promise<void> {
  for (;;) {
    try {
      await step()
      return
    } catch (cause) {
      if (closing.aborted || !isStoreUnavailable(cause)) throw cause
      await delay(retryMs, undefined, { signal: closing })
    }
  }
}
