import { afterAll, beforeAll } from '@jest/globals'
import { describePlaceLedger } from '../../environments/place-ledger.contract.ts'
import type { PlaceLedger } from '../../environments/place-ledger.ts'
import { connectToRedis, type RedisConnection } from './connection.ts'
import { placeKeys, serverKeys } from './keys.ts'
import { joinServers, type Membership } from './membership.ts'
import { openPlaceLedger } from './place-ledger.ts'
import { keepSubscribed, type Subscription } from './subscription.ts'
import { describeWithRedis, startRedis, type RunningRedis } from './testing/redis-server.ts'

describeWithRedis('the place ledger in Redis', () => {
  let redis: RunningRedis
  beforeAll(async () => {
    redis = await startRedis()
  })
  afterAll(() => redis.stop())

  describePlaceLedger('Redis', async () => {
    const members = new Map<PlaceLedger, Membership>()
    const connections: RedisConnection[] = []
    const subscriptions: Subscription[] = []
    const log = { info: () => undefined, warn: () => undefined }
    redis.cli('FLUSHALL')
    return {
      open: async (listener) => {
        const connection = await connectToRedis({ url: redis.url, log })
        connections.push(connection)
        const server = `server-${String(connections.length)}`
        const membership = await joinServers({ connection, server, leaseMs: 150, onFault: () => undefined })
        const ledger = openPlaceLedger(connection, membership)
        ledger.listen(listener)
        members.set(ledger, membership)
        await new Promise<void>((onUp) => {
          const channel = { onMessage: (text: string) => ledger.hear(text), onUp }
          subscriptions.push(keepSubscribed(connection, { [placeKeys.wanted]: channel }))
        })
        return ledger
      },
      die: (ledger) => {
        // It was silent for longer than its lease, and found out.
        const server = members.get(ledger)?.server ?? ''
        redis.cli('ZREM', serverKeys.living, server)
        redis.cli('SADD', serverKeys.dead, server)
        return Promise.resolve()
      },
      close: async () => {
        for (const membership of members.values()) await membership.close()
        for (const subscription of subscriptions) subscription.stop()
        for (const connection of connections) connection.close()
      },
    }
  })
})
