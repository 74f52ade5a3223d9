import { setTimeout as delay } from 'node:timers/promises'
import { createTurns, type InTurn } from '../../functions/turns.ts'
import type { Leases } from '../../sources/lease.ts'

/** How long a turn of a server that died is in the way; work that takes turns is done in a fraction of it. */
const turnMs = 5_000
const againMs = 10

/** Turns over all servers of a Redis. */
export function sharedTurns(leases: Leases, name: string): InTurn {
  const inTurn = createTurns()
  return (work) =>
    inTurn(async () => {
      let lease = await leases.acquire(name, turnMs)
      while (lease === undefined) {
        await delay(againMs)
        lease = await leases.acquire(name, turnMs)
      }
      try {
        return await work()
      } finally {
        // It ends by itself when it cannot be given back.
        await leases.release(lease).catch(() => undefined)
      }
    })
}
