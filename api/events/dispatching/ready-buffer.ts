import { createPrefetch, type Prefetch } from './prefetch.ts'
import { createServiceTimes, type ServiceTimes } from './service-times.ts'
import { createRunPermits, type RunPermits } from './run-permits.ts'
import type { TakeRequest } from '../queue/event-queue.ts'

/** The state of a dispatcher: permits, prefetched events and service times of functions. */
export interface ReadyBuffer {
  readonly permits: RunPermits
  readonly prefetch: Prefetch
  readonly serviceTimes: ServiceTimes
  readonly concurrency: number
  readonly maxTaken: number
  /** Events that run, or whose outcome is not stored yet. */
  uncompleted: number
}

/** An empty buffer with `concurrency` permits. */
export function createReadyBuffer(concurrency: number, maxTaken: number): ReadyBuffer {
  const [permits, prefetch, serviceTimes] = [
    createRunPermits(concurrency, maxTaken),
    createPrefetch(),
    createServiceTimes(maxTaken),
  ]
  return { permits, prefetch, serviceTimes, concurrency, maxTaken, uncompleted: 0 }
}

/** Whether to prefetch. Not while most permits are in use: events would wait too long for a permit. */
function hasCapacity({ permits, concurrency }: ReadyBuffer): boolean {
  return permits.free() > concurrency / 2
}

/** The next request to the queue: as many events as there are permits, and more of fast functions. */
export function nextRequest(buffer: ReadyBuffer, nowMs: number): TakeRequest {
  const { permits, prefetch, serviceTimes, maxTaken } = buffer
  const limit = permits.free()
  const perFunction = Math.min(Math.ceil(limit / 2), maxTaken)
  const closed = permits.closedTo(nowMs)
  const shares = new Map([...closed].map((name): [string, number] => [name, 0]))
  for (const name of hasCapacity(buffer) ? permits.running() : []) {
    if (permits.isResting(name, nowMs)) continue
    const capacity = Math.max(0, serviceTimes.maxPrefetched(name) - prefetch.count(name))
    shares.set(name, (shares.get(name) ?? perFunction) + capacity)
  }
  const skip = new Set([...shares].filter(([, share]) => share === 0).map(([name]) => name))
  const others = [...shares].filter(([, share]) => share > 0)
  const further = others.reduce((sum, [, share]) => sum + share, 0)
  return { limit: limit + further, perFunction, skip, shares: new Map(others), nowMs }
}

/** Whether to query the queue after a change to a function's events. Not while enough of them are prefetched. */
export function wantsMore(buffer: ReadyBuffer, functionName: string): boolean {
  const { prefetch, serviceTimes } = buffer
  const count = prefetch.count(functionName)
  return count === 0 || count <= serviceTimes.maxPrefetched(functionName) / 2 || !hasCapacity(buffer)
}
