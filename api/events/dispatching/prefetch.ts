import type { TakenEvent } from '../queue/event-queue.ts'

/** Events that were taken from the queue and wait for a permit, by function, oldest first. */
export interface Prefetch {
  add(event: TakenEvent): void
  next(functionName: string): TakenEvent | undefined
  count(functionName: string): number
  functionNames(): string[]
  /** Removes and returns the events of one function, or of all. */
  drain(functionName?: string): TakenEvent[]
}

/** An empty buffer. */
export function createPrefetch(): Prefetch {
  const waiting = new Map<string, TakenEvent[]>()
  const drain = (name: string): TakenEvent[] => {
    const events = waiting.get(name) ?? []
    waiting.delete(name)
    return events
  }
  return {
    add: (event) => {
      const events = waiting.get(event.functionName)
      if (events === undefined) waiting.set(event.functionName, [event])
      else events.push(event)
    },
    next: (name) => {
      const events = waiting.get(name)
      const event = events?.shift()
      if (events?.length === 0) waiting.delete(name)
      return event
    },
    count: (name) => waiting.get(name)?.length ?? 0,
    functionNames: () => [...waiting.keys()],
    drain: (name) => (name === undefined ? [...waiting.keys()].flatMap(drain) : drain(name)),
  }
}
