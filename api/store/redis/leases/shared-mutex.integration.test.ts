import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { setTimeout as delay } from 'node:timers/promises'
import { createMutex } from '../../../functions/concurrency/mutex.ts'
import { openLeases } from './source-leases.ts'
import { startMembers } from '../testing/members.ts'
import { describeWithRedis, startRedis, type RunningRedis } from '../testing/redis-server.ts'
import { sharedMutex } from './shared-mutex.ts'

describeWithRedis('a mutex that servers share', () => {
  let redis: RunningRedis
  beforeAll(async () => {
    redis = await startRedis()
  })
  afterAll(() => redis.stop())

  test('is held by one at a time, whichever server it is, and is free again after a failure', async () => {
    const members = startMembers(redis)
    const servers = await Promise.all([members.join(), members.join()])
    const [one, other] = servers.map(({ connection }) => sharedMutex(openLeases(connection), 'turn'))
    const mutexOf = (index: number) => (index % 2 === 0 ? one : other) ?? createMutex()
    const seen = { running: 0, most: 0, done: 0 }
    const work = async () => {
      seen.most = Math.max(seen.most, ++seen.running)
      await delay(2)
      seen.running--
      seen.done++
      if (seen.done === 3) throw new Error('of the work')
    }
    const outcomes = await Promise.allSettled(Array.from({ length: 10 }, (_, index) => mutexOf(index)(work)))
    expect(seen).toEqual({ running: 0, most: 1, done: 10 })
    expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(1)
    await members.close()
  })
})
