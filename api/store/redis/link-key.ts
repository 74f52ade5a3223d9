import { randomBytes } from 'node:crypto'
import type { RedisConnection } from './connection/connection.ts'
import { linkKeyKey } from './connection/keys.ts'

/** The key that all replicas sign links with: each replica accepts the links of all others. */
export async function sharedLinkKey(connection: RedisConnection): Promise<Buffer> {
  const found = await connection.run(async (redis) => {
    // A server can start while Redis' memory is full and Redis rejects writes.
    const present = await redis.get(linkKeyKey)
    if (present !== null) return present
    await redis.set(linkKeyKey, randomBytes(32).toString('hex'), 'NX')
    return redis.get(linkKeyKey)
  })
  return Buffer.from(found ?? '', 'hex')
}
