import { accountConcurrencyExceeded, reservedConcurrencyExceeded } from '../errors.ts'
import type { EnvironmentSpec } from './driver.ts'

/** Counts invocations that run, for the account and per function. */
export interface Concurrency {
  /** Takes a place for one invocation; throws Lambda's 429 when there is none. */
  enter(spec: EnvironmentSpec): void
  leave(spec: EnvironmentSpec): void
  running(): number
}

/** Counters held in this process. */
export function countConcurrency(accountLimit: number): Concurrency {
  const byFunction = new Map<string, number>()
  let running = 0
  return {
    enter({ functionName, reserved }) {
      const ofFunction = byFunction.get(functionName) ?? 0
      if (reserved !== undefined && ofFunction >= reserved) throw reservedConcurrencyExceeded()
      if (running >= accountLimit) throw accountConcurrencyExceeded()
      running++
      byFunction.set(functionName, ofFunction + 1)
    },
    leave({ functionName }) {
      running--
      const ofFunction = (byFunction.get(functionName) ?? 0) - 1
      if (ofFunction > 0) byFunction.set(functionName, ofFunction)
      else byFunction.delete(functionName)
    },
    running: () => running,
  }
}
