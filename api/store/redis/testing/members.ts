import { afterAll, afterEach, beforeAll, beforeEach } from '@jest/globals'
import { connectToRedis, type RedisConnection } from '../connection/connection.ts'
import { serverKeys } from '../connection/keys.ts'
import { joinServers, type Membership } from '../membership/membership.ts'
import { startRedis, type RunningRedis } from './redis-server.ts'

/** Servers that joined a Redis, each with a connection of its own; their leases outlast the pauses of a busy machine. */
export interface Members {
  join(): Promise<{ readonly connection: RedisConnection; readonly membership: Membership }>
  /** What happens to a server that was silent for longer than its lease. It finds out only by what it is made to do next. */
  declareDead(membership: Membership): void
  close(): Promise<void>
}

export function startMembers(redis: RunningRedis): Members {
  const joined: { readonly connection: RedisConnection; readonly membership: Membership }[] = []
  const log = { info: () => undefined, warn: () => undefined }
  return {
    join: async () => {
      const connection = await connectToRedis({ url: redis.url, log })
      const server = `server-${String(joined.length + 1)}`
      const membership = await joinServers({ connection, server, leaseMs: 1500, onFault: () => undefined })
      joined.push({ connection, membership })
      return { connection, membership }
    },
    declareDead: (membership) => {
      const { server } = membership
      // Else it could be a member again in time to inherit its own.
      membership.abandon()
      redis.cli('ZREM', serverKeys.living, server)
      redis.cli('SADD', serverKeys.dead, server)
    },
    close: async () => {
      for (const { membership } of joined) await membership.close()
      for (const { connection } of joined) connection.close()
    },
  }
}

/** A Redis for all tests of a block, empty before each, and servers that leave it after each. */
export function membersOfEachTest(): Pick<Members, 'join' | 'declareDead'> & {
  readonly redis: Pick<RunningRedis, 'cli'>
} {
  let redis: RunningRedis
  let members: Members
  beforeAll(async () => {
    redis = await startRedis()
  })
  afterAll(() => redis.stop())
  beforeEach(() => {
    redis.cli('FLUSHALL')
    members = startMembers(redis)
  })
  afterEach(() => members.close())
  return {
    redis: { cli: (...args) => redis.cli(...args) },
    join: () => members.join(),
    declareDead: (membership) => members.declareDead(membership),
  }
}
