/** Moving averages of how long events of each function run. */
export interface ServiceTimes {
  note(functionName: string, tookMs: number): void
  /** How many events of the function may be prefetched; none of a slow one. */
  maxPrefetched(functionName: string): number
}

/** The longest time an event should stay prefetched, as other servers cannot take it meanwhile. */
const prefetchMs = 50
const maxPrefetched = 64
const weight = 0.2
const maxFunctions = 1000

/** For functions that run at most `atOnce` events concurrently. */
export function createServiceTimes(atOnce: number): ServiceTimes {
  const averages = new Map<string, number>()
  return {
    note: (name, tookMs) => {
      const before = averages.get(name) ?? tookMs
      if (averages.size >= maxFunctions) averages.clear()
      averages.set(name, before + weight * (tookMs - before))
    },
    maxPrefetched: (name) => {
      const average = averages.get(name)
      return average === undefined ? 0 : Math.min(maxPrefetched, Math.floor(prefetchMs / Math.max(average, 1)) * atOnce)
    },
  }
}
