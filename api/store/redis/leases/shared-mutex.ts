import { setTimeout as delay } from 'node:timers/promises'
import { createMutex, type RunExclusive } from '../../../functions/concurrency/mutex.ts'
import type { Leases } from '../../../sources/polling/lease.ts'

/** How long the lease of a server that died blocks the others; work under the mutex takes a fraction of it. */
const leaseMs = 5_000
const retryMs = 10

/** Mutual exclusion over all servers of a Redis. */
export function sharedMutex(leases: Leases, name: string): RunExclusive {
  const runExclusive = createMutex()
  return (work) =>
    runExclusive(async () => {
      let lease = await leases.acquire(name, leaseMs)
      while (lease === undefined) {
        await delay(retryMs)
        lease = await leases.acquire(name, leaseMs)
      }
      try {
        return await work()
      } finally {
        // It expires when it cannot be released.
        await leases.release(lease).catch(() => undefined)
      }
    })
}
