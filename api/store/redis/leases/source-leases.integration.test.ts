import { afterAll, beforeAll } from '@jest/globals'
import { setTimeout as wait } from 'node:timers/promises'
import { describeLeases } from '../../../sources/polling/lease.contract.ts'
import { connectToRedis } from '../connection/connection.ts'
import { openLeases } from './source-leases.ts'
import { describeWithRedis, startRedis, type RunningRedis } from '../testing/redis-server.ts'

describeWithRedis('leases in Redis', () => {
  let redis: RunningRedis
  beforeAll(async () => {
    redis = await startRedis()
  })
  afterAll(() => redis.stop())

  describeLeases('Redis', async () => {
    redis.cli('FLUSHALL')
    const log = { info: () => undefined, warn: () => undefined }
    const connections = await Promise.all([1, 2].map(() => connectToRedis({ url: redis.url, log })))
    const [one, other] = connections.map(openLeases)
    const close = async () => {
      for (const connection of connections) connection.close()
    }
    // Redis's clock is the machine's: time passes only by waiting.
    return { one: one!, other: other!, pass: (ms: number) => wait(ms), close }
  })
})
