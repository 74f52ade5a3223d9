import { expect, test } from '@jest/globals'
import type { LedgerListener } from '../../../environments/concurrency/permit-ledger.ts'
import type { Inherit } from './dead-servers.ts'
import { permitKeys, serverKeys } from '../connection/keys.ts'
import type { Membership } from './membership.ts'
import { openPermitLedger } from '../concurrency/permit-ledger.ts'
import { membersOfEachTest } from '../testing/members.ts'
import { describeWithRedis, eventually } from '../testing/redis-server.ts'

describeWithRedis('a server among those that share a Redis', () => {
  const members = membersOfEachTest()
  const { redis } = members

  test('renews its lease while it inherits, which takes as long as it takes, and inherits once at a time', async () => {
    const [successor, gone] = [await members.join(), await members.join()]
    const heard: string[] = []
    const inheritance = Promise.withResolvers<undefined>()
    successor.membership.onDeath((server) => {
      heard.push(server)
      return inheritance.promise
    })
    members.declareDead(gone.membership)
    await eventually(() => heard.length > 0)
    const leaseEnd = () => Number(redis.cli('zscore', serverKeys.living, successor.membership.server))
    for (let renewals = 0; renewals < 4; renewals++) {
      const before = leaseEnd()
      await eventually(() => leaseEnd() > before)
    }
    expect(heard).toEqual([gone.membership.server])
    expect(redis.cli('smembers', serverKeys.dead)).toBe(gone.membership.server)
    inheritance.resolve(undefined)
    await eventually(() => redis.cli('smembers', serverKeys.dead) === '')
  })

  test('tries again to inherit what it could not', async () => {
    const [successor, gone] = [await members.join(), await members.join()]
    let tries = 0
    successor.membership.onDeath(() => (++tries < 2 ? Promise.reject(new Error('not now')) : Promise.resolve()))
    members.declareDead(gone.membership)
    await eventually(() => tries === 2 && redis.cli('smembers', serverKeys.dead) === '')
  })

  test('that has left does not come back, whatever it finds out then', async () => {
    const { membership } = await members.join()
    await membership.close()
    await expect(membership.wasLost(membership.server)).rejects.toThrow(/left/)
    expect(redis.cli('zcard', serverKeys.living)).toBe('0')
  })

  test('that is declared dead itself inherits permits only once it is a member again', async () => {
    const [successor, gone] = [await members.join(), await members.join()]
    // Nobody looks for the dead but the test.
    for (const { membership } of [successor, gone]) membership.abandon()
    let inherit: Inherit = () => Promise.reject(new Error('Nothing inherits'))
    const membership = Object.create(successor.membership, {
      onDeath: { value: (given: Inherit) => (inherit = given) },
    }) as Membership
    const told: unknown[] = []
    const ledger = openPermitLedger(successor.connection, membership)
    ledger.listen({
      onInherited: ({ functionName }, permits) => void told.push([functionName, permits]),
      onLost: () => void told.push('lost'),
    } as LedgerListener)
    const theirs = openPermitLedger(gone.connection, gone.membership)
    await theirs.acquire({ functionName: 'f', reserved: 2, accountLimit: 10, unreservedLimit: 10 })
    const before = successor.membership.server
    for (const each of [successor, gone]) members.declareDead(each.membership)
    await inherit(gone.membership.server)
    expect(successor.membership.server).not.toBe(before)
    expect(told).toEqual(['lost', ['f', 1]])
    expect(redis.cli('hgetall', permitKeys.permitsOf(before))).toBe('')
    expect(redis.cli('hget', permitKeys.permitsOf(successor.membership.server), 'f')).toBe('1')
  })
})
