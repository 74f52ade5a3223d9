import { createHash } from 'node:crypto'
import type { ProvisionShares } from '../../../environments/provisioning/provision-shares.ts'
import type { RedisConnection } from '../connection/connection.ts'
import { environmentKeys, serverKeys } from '../connection/keys.ts'
import type { Membership } from '../membership/membership.ts'
import { loadScript } from '../connection/script.ts'

/** Reports expire after this time unless they are repeated. */
const reportSeconds = 300
const failed = 'failed'

/** Divides by rank among the members; each key starts at a different rank, so that small numbers spread. */
export function openProvisionShares(connection: RedisConnection, membership: Membership): ProvisionShares {
  const report = loadScript(connection, 'report-provisioned', import.meta.url)
  return {
    shareOf(key, wanted) {
      const { living, server } = membership
      const rank = (living.indexOf(server) + offsetOf(key)) % living.length
      return Math.floor(wanted / living.length) + (rank < wanted % living.length ? 1 : 0)
    },
    report: async (key, { initialised, isFailed }) => {
      const said = isFailed ? failed : initialised
      await report([serverKeys.living, environmentKeys.provisioned(key)], [membership.server, said, reportSeconds])
    },
    async othersOf(key) {
      const said = new Map(
        Object.entries(await connection.run((redis) => redis.hgetall(environmentKeys.provisioned(key)))),
      )
      const others = membership.living
        .filter((server) => server !== membership.server)
        .map((server) => said.get(server))
      return {
        initialised: others.reduce((sum, count) => sum + (Number(count) || 0), 0),
        isFailed: others.includes(failed),
      }
    },
    onChange: (listener) => membership.onLiving(listener),
  }
}

function offsetOf(key: string): number {
  return createHash('sha256').update(key).digest().readUInt32BE()
}
