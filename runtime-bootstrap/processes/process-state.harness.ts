import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'

/** Waits for a condition; rejects after 20 s. */
export async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 20_000
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('The condition was not met within 20 s')
    await delay(5)
  }
}

/** The state letter in `/proc`; empty once the process has been reaped. */
export function stateOf(pid: number): string {
  try {
    return /\) (\S)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1] ?? ''
  } catch {
    return ''
  }
}

export const isGone = (pid: number) => ['', 'Z'].includes(stateOf(pid))
