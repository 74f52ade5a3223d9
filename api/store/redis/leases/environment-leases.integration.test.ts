import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { describeLeases } from '../../../environments/sharing/leases.contract.ts'
import { createLeaseSweep } from '../../../environments/sharing/lease-sweep.ts'
import type { EnvironmentLeases } from '../../../environments/sharing/leases.ts'
import { openEnvironmentLeases } from './environment-leases.ts'
import { environmentKeys, serverKeys } from '../connection/keys.ts'
import type { Membership } from '../membership/membership.ts'
import { keepSubscribed, type Subscription } from '../connection/subscription.ts'
import { startMembers } from '../testing/members.ts'
import { describeWithRedis, startRedis, type RunningRedis } from '../testing/redis-server.ts'

describeWithRedis('the leases of environments in Redis', () => {
  let redis: RunningRedis
  beforeAll(async () => {
    redis = await startRedis()
  })
  afterAll(() => redis.stop())

  describeLeases('Redis', async () => {
    redis.cli('FLUSHALL')
    const members = startMembers(redis)
    const opened = new Map<EnvironmentLeases, Membership>()
    const subscriptions: Subscription[] = []
    return {
      open: async () => {
        const { connection, membership } = await members.join()
        const leases = openEnvironmentLeases(connection, membership)
        opened.set(leases, membership)
        await new Promise<void>((onUp) => {
          const channel = { onMessage: (text: string) => leases.hear(text), onUp }
          subscriptions.push(keepSubscribed(connection, { [environmentKeys.wanted]: channel }))
        })
        return leases
      },
      die: async (leases) => {
        const membership = opened.get(leases)
        if (membership !== undefined) members.declareDead(membership)
      },
      close: async () => {
        for (const subscription of subscriptions) subscription.stop()
        await members.close()
      },
    }
  })

  test('who could not renew its lease, as in an outage of Redis, keeps what it holds until it is declared dead', async () => {
    redis.cli('FLUSHALL')
    const members = startMembers(redis)
    const [mine, theirs] = [await members.join(), await members.join()]
    // Nobody looks for the dead, as after an outage.
    for (const { membership } of [mine, theirs]) membership.abandon()
    const leases = openEnvironmentLeases(mine.connection, mine.membership)
    await openEnvironmentLeases(theirs.connection, theirs.membership).hold('e')
    redis.cli('ZADD', serverKeys.living, '1', theirs.membership.server)
    const claimed = await leases.claim('e', { isUnknownFree: true, isParkedFree: true })
    await leases.forgetGone(['e'])
    const known = await leases.known()
    members.declareDead(theirs.membership)
    const claimedThen = await leases.claim('e')
    await members.close()
    expect([claimed, known, claimedThen]).toEqual(['held', ['e'], 'claimed'])
  })

  test('a sweep forgets environments that ended while they were parked, once it missed them twice', async () => {
    redis.cli('FLUSHALL')
    const members = startMembers(redis)
    const { connection, membership } = await members.join()
    const leases = openEnvironmentLeases(connection, membership)
    const existing = new Set(['lives'])
    for (const id of ['ended', 'lives']) {
      await leases.hold(id)
      await leases.park(id, 'key')
    }
    const sweep = createLeaseSweep({ shared: { exists: (id) => existing.has(id) }, leases })
    await sweep()
    expect(redis.cli('HLEN', environmentKeys.holders)).toBe('2')
    await leases.hold('late')
    await sweep()
    expect((await leases.known()).toSorted()).toEqual(['late', 'lives'])
    existing.add('late')
    await sweep()
    expect((await leases.known()).toSorted()).toEqual(['late', 'lives'])
    expect(await leases.takeParked('key')).toBe('lives')
    await members.close()
  })
})
