/** How quick the runs of functions are. */
export interface ServiceTimes {
  note(functionName: string, tookMs: number): void
  /** How many events of the function may wait here for a place: what is run in a moment, and nothing of a slow one. */
  mostPrefetched(functionName: string): number
}

/** An event waits here no longer than about so long, where another server cannot take it. */
const prefetchMs = 50
const mostPrefetched = 64
const weight = 0.2
const mostFunctions = 1000

/** Of functions that run so many events at once. */
export function createServiceTimes(atOnce: number): ServiceTimes {
  const averages = new Map<string, number>()
  return {
    note: (name, tookMs) => {
      const before = averages.get(name) ?? tookMs
      if (averages.size >= mostFunctions) averages.clear()
      averages.set(name, before + weight * (tookMs - before))
    },
    mostPrefetched: (name) => {
      const average = averages.get(name)
      return average === undefined
        ? 0
        : Math.min(mostPrefetched, Math.floor(prefetchMs / Math.max(average, 1)) * atOnce)
    },
  }
}
