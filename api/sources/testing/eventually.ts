import { setTimeout as wait } from 'node:timers/promises'

const timeoutMs = 60_000

/** Waits until the condition holds. Fails the test with the error of the condition, or after a timeout. */
export async function eventually(condition: () => boolean | Promise<boolean>, withinMs = timeoutMs): Promise<void> {
  const endMs = Date.now() + withinMs
  while (!(await condition())) {
    if (Date.now() > endMs) throw new Error('waited in vain')
    await wait(20)
  }
}
