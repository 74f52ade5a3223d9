import { setTimeout as delay } from 'node:timers/promises'

/** Waits until the condition holds; fails when it does not within the deadline. */
export async function until(condition: () => boolean, deadlineMs = 15_000): Promise<void> {
  const end = performance.now() + deadlineMs
  while (!condition()) {
    if (performance.now() > end) throw new Error(`Deadline exceeded:  ${condition.toString()}`)
    await delay(5)
  }
}
