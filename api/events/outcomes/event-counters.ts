/** Counters of events since the server started, named after AWS's metrics (reference 6.5). */
export type CounterName =
  | 'asyncEventsReceived'
  | 'asyncEventsDropped'
  | 'deadLetterErrors'
  | 'destinationDeliveryFailures'
  | 'recursiveInvocationsDropped'

export type Counts = Readonly<Record<CounterName, number>>

export interface Counters {
  count(functionName: string, name: CounterName, times?: number): void
  of(functionName: string): Counts
}

const nothing: Counts = {
  asyncEventsReceived: 0,
  asyncEventsDropped: 0,
  deadLetterErrors: 0,
  destinationDeliveryFailures: 0,
  recursiveInvocationsDropped: 0,
}

/** Counters per function, held in this process. */
export function createCounters(): Counters {
  const byFunction = new Map<string, Record<CounterName, number>>()
  return {
    count: (functionName, name, times = 1) => {
      const counts = byFunction.get(functionName) ?? { ...nothing }
      counts[name] += times
      byFunction.set(functionName, counts)
    },
    of: (functionName) => ({ ...(byFunction.get(functionName) ?? nothing) }),
  }
}
