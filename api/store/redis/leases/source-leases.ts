import { groupOf, type Leases } from '../../../sources/polling/lease.ts'
import type { RedisConnection } from '../connection/connection.ts'
import { leaseKeys } from '../connection/keys.ts'
import { loadScript } from '../connection/script.ts'

/** Leases that all servers of a Redis see; they end by Redis's own clock. */
export function openLeases(connection: RedisConnection): Leases {
  const acquire = loadScript(connection, 'acquire-lease', import.meta.url)
  const findHeld = loadScript(connection, 'find-held-lease', import.meta.url)
  const renew = loadScript(connection, 'renew-lease', import.meta.url)
  const keysOf = (name: string) => [leaseKeys.lease(name), leaseKeys.group(groupOf(name))]
  return {
    async acquire(name, ttlMs) {
      const [lease = '', group = ''] = keysOf(name)
      const keys = [lease, leaseKeys.fences, group]
      const fence = await acquire(keys, [ttlMs, name])
      return fence === null ? undefined : { name, fence: Number(fence) }
    },
    renew: async ({ name, fence }, ttlMs) => Number(await renew(keysOf(name), [fence, ttlMs, name])) === 1,
    async release({ name, fence }) {
      await renew(keysOf(name), [fence, 0, name])
    },
    isAnyHeld: async (group) => Number(await findHeld([leaseKeys.group(group)], [leaseKeys.leasePrefix])) === 1,
  }
}
