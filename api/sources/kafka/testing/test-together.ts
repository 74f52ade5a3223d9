import { beforeAll, test } from '@jest/globals'

/**
 * A test of each scenario. They run at the same time, since a group of the mock cluster takes its first member after 3 s;
 * jest's own concurrent tests forbid imports as soon as one of them has ended.
 */
export function testTogether(scenarios: Readonly<Record<string, () => Promise<void>>>, limitMs: number): void {
  const outcomes = new Map<string, Promise<void>>()
  beforeAll(async () => {
    for (const [name, run] of Object.entries(scenarios)) outcomes.set(name, run())
    await Promise.allSettled(outcomes.values())
  }, limitMs)
  test.each(Object.keys(scenarios))('%s', (name) => outcomes.get(name))
}
