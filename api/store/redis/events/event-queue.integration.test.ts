import { afterEach, beforeEach, expect, test } from '@jest/globals'
import type { TakeRequest } from '../../../events/queue/event-queue.ts'
import { anEvent, aProgress } from '../../../events/testing/samples.ts'
import { eventKeys } from '../connection/keys.ts'
import { openRedisStore, type RedisStore, type RedisStoreOptions } from '../redis-store.ts'
import { describeWithRedis, eventually, startRedis, type RunningRedis } from '../testing/redis-server.ts'

const step = { progress: aProgress }
const log = { info: () => undefined, warn: () => undefined }

describeWithRedis('a queue of several replicas', () => {
  let redis: RunningRedis
  let stores: RedisStore[]
  const open = async (replicaId: string, options: Partial<RedisStoreOptions> = {}) => {
    const store = await openRedisStore({ url: redis.url, replicaId, log, ...options })
    stores.push(store)
    return store
  }
  beforeEach(async () => {
    stores = []
    redis = await startRedis(['--appendonly', 'yes'])
  })
  afterEach(async () => {
    for (const store of stores) await store.close()
    await redis.stop()
  })
  const take = async ({ events }: RedisStore, request: Partial<TakeRequest> = {}) => {
    const all = { limit: 100, perFunction: 100, skip: new Set<string>(), nowMs: Date.now(), ...request }
    return (await events.take(all)).map(({ id }) => id)
  }

  test('gives each event to one of them', async () => {
    const [one, other] = [await open('one'), await open('other')]
    const ids = Array.from({ length: 300 }, (_, at) => `e${String(at)}`)
    await Promise.all(ids.map((id) => one.events.add(anEvent('f', id))))
    const taken: string[] = []
    const drain = async (store: RedisStore) => {
      for (let some = await take(store, { limit: 7 }); some.length > 0; some = await take(store, { limit: 7 }))
        taken.push(...some)
    }
    await Promise.all([drain(one), drain(other)])
    expect(taken.toSorted()).toEqual(ids.toSorted())
  })

  test('events in flight at a dead replica are ready for another once its lease has expired, and not before', async () => {
    const [dead, other] = [await open('dead', { leaseMs: 2_000 }), await open('other')]
    await dead.events.add(anEvent('f', 'e'))
    expect(await take(dead)).toEqual(['e'])
    dead.abandon()
    const leaseEnd = () => Number(redis.cli('zscore', eventKeys.takers, 'dead'))
    expect(await take(other)).toEqual([])
    const end = leaseEnd()
    await eventually(async () => (await take(other)).length === 1)
    expect(redisNow()).toBeGreaterThanOrEqual(end)
  })
  const redisNow = () => {
    const [seconds = '', micros = ''] = redis.cli('time').split('\n')
    return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000)
  }

  test('an outage of Redis that outlasts the leases makes no events ready before another lease time', async () => {
    const leaseMs = 4_000
    const [silent, other] = [await open('silent', { leaseMs }), await open('other', { leaseMs })]
    await silent.events.add(anEvent('f', 'e'))
    expect(await take(silent)).toEqual(['e'])
    silent.abandon()
    const leaseEnd = () => Number(redis.cli('zscore', eventKeys.takers, 'silent'))
    const end = leaseEnd()
    await redis.signal('SIGTERM')
    await eventually(() => Date.now() > end)
    await redis.restart()
    await eventually(() => leaseEnd() !== end)
    expect(leaseEnd()).toBeGreaterThan(end)
    await eventually(async () => (await take(other).catch(() => [])).join() === 'e')
  })

  test('notifies of a due event after the replica that delayed it has died', async () => {
    const [gone, other] = [await open('gone'), await open('other')]
    await gone.events.add(anEvent('f', 'e'))
    await take(gone)
    expect(await other.events.nextDueMs()).toBeUndefined()
    await gone.events.putBack('e', Date.now() + 500, step)
    gone.abandon()
    const heard = new Promise<void>((resolve) => other.events.onNews(resolve))
    await heard
    await eventually(async () => (await take(other)).join() === 'e')
  })

  test('a living replica keeps its events in flight for longer than one lease', async () => {
    const [one, other] = [await open('one', { leaseMs: 2_500 }), await open('other')]
    await one.events.add(anEvent('f', 'e'))
    await take(one)
    const firstEnd = Number(redis.cli('zscore', eventKeys.takers, 'one'))
    await eventually(() => redisNow() > firstEnd + 1_200)
    expect(await take(other)).toEqual([])
  })

  test('a replica that shuts down releases its events in flight at once', async () => {
    const [one, other] = [await open('one'), await open('other')]
    await one.events.add(anEvent('f', 'e'))
    await take(one)
    await one.events.close()
    expect(await take(other)).toEqual(['e'])
  })

  test('a replica that lost its lease cannot put back an event that another runs, but can complete it', async () => {
    const [late, other] = [await open('late'), await open('other')]
    await late.events.add(anEvent('f', 'a'))
    await late.events.add(anEvent('f', 'b'))
    await take(late)
    late.events.abandon()
    redis.cli('zadd', eventKeys.takers, '1', 'late')
    await eventually(async () => (await take(other)).length === 2)
    await late.events.putBack('a', 0, step)
    expect(await take(other)).toEqual([])
    await late.events.finish('b')
    await other.events.finish('a')
    expect(redis.cli('exists', eventKeys.event('a'), eventKeys.event('b'))).toBe('0')
    expect(redis.cli('zcard', eventKeys.held('other'))).toBe('0')
  })

  test('notifies the others of new events', async () => {
    const [one, other] = [await open('one'), await open('other')]
    let news = 0
    other.events.onNews(() => {
      news++
    })
    await one.events.add(anEvent('f', 'e'))
    await eventually(() => news > 0)
  })

  test('a clock that is wrong by an hour shifts no due time', async () => {
    const ahead = () => Date.now() + 3_600_000
    const [fast, right] = [await open('fast', { now: ahead }), await open('right')]
    await fast.events.add(anEvent('f', 'e'))
    await take(fast, { nowMs: ahead() })
    await fast.events.putBack('e', ahead() + 60_000, step)
    expect(await take(right)).toEqual([])
    const dueMs = (await right.events.nextDueMs()) ?? 0
    expect(Math.abs(dueMs - (Date.now() + 60_000))).toBeLessThan(10_000)
    expect(await take(right, { nowMs: Date.now() + 50_000 })).toEqual([])
    expect(await take(right, { nowMs: Date.now() + 70_000 })).toEqual(['e'])
  })

  test.each([3_600_000, -3_600_000])(
    'a clock that is wrong by %d ms makes events no older or younger',
    async (byMs) => {
      const wrongNow = () => Date.now() + byMs
      const [wrong, right] = [await open('wrong', { now: wrongNow }), await open('right')]
      const age = async ({ events }: RedisStore, nowMs: number) => {
        const [event] = await events.take({ limit: 1, perFunction: 1, skip: new Set(), nowMs })
        return Math.abs(nowMs - event!.acceptedMs)
      }
      await wrong.events.add(anEvent('f', 'theirs', { acceptedMs: wrongNow() }))
      expect(await age(right, Date.now())).toBeLessThan(10_000)
      await right.events.add(anEvent('f', 'ours', { acceptedMs: Date.now() }))
      expect(await age(wrong, wrongNow())).toBeLessThan(10_000)
    },
  )

  test('stores the outcome of an event when Redis is back', async () => {
    const one = await open('one')
    await one.events.add(anEvent('f', 'done'))
    await one.events.add(anEvent('f', 'again'))
    await take(one)
    await redis.signal('SIGTERM')
    const outcomes = Promise.all([one.events.finish('done'), one.events.putBack('again', Date.now(), step)])
    await redis.restart()
    await outcomes
    await eventually(async () => (await take(one)).join() === 'again')
  })

  test('an event whose outcome Redis rejects does not stay in flight while the replica lives', async () => {
    const one = await open('one')
    for (const id of ['finished', 'noted']) await one.events.add(anEvent('f', id))
    await take(one)
    redis.cli('acl', 'setuser', 'default', '-hmget', '-hget')
    await expect(one.events.finish('finished')).rejects.toThrow(/refused/)
    await expect(one.events.note('noted', step)).rejects.toThrow(/refused/)
    redis.cli('acl', 'setuser', 'default', '+hmget', '+hget')
    const again: string[] = []
    await eventually(async () => again.push(...(await take(one))) === 2)
    expect(again.toSorted()).toEqual(['finished', 'noted'])
  })

  test('events of a lost reply are ready again', async () => {
    const one = await open('one')
    await one.events.add(anEvent('f', 'known'))
    expect(await take(one)).toEqual(['known'])
    await one.events.add(anEvent('f', 'e'))
    await redis.signal('SIGSTOP')
    const lost = take(one)
    await expect(lost).rejects.toMatchObject({ status: 503 })
    await redis.signal('SIGCONT')
    await eventually(async () => (await take(one).catch(() => [])).join() === 'e')
    expect(redis.cli('zcard', eventKeys.held('one'))).toBe('2')
  })

  test('events of a take that timed out are ready again', async () => {
    const one = await open('one')
    await one.events.add(anEvent('f', 'e'))
    const late = await open('one')
    expect(await take(late)).toEqual(['e'])
    late.abandon()
    await eventually(async () => (await take(one)).join() === 'e')
  })

  test('large payloads come a few at a time', async () => {
    const one = await open('one')
    const payload = Buffer.alloc(1_000_000, 1)
    for (let at = 0; at < 6; at++) await one.events.add(anEvent('f', String(at), { payload }))
    expect((await take(one)).length).toBe(4)
    expect((await take(one)).length).toBe(2)
  })

  test('a function with very many events does not delay others', async () => {
    const one = await open('one')
    const some = `for at = ARGV[1], ARGV[1] + 4999 do redis.call('ZADD', KEYS[1], at, 'x' .. at) end redis.call('ZADD', KEYS[2], 0, 'many')`
    for (let at = 0; at < 100_000; at += 5_000)
      redis.cli('eval', some, '2', `${eventKeys.readyPrefix}many`, eventKeys.turns, String(at))
    await one.events.add(anEvent('few', 'few'))
    expect(await take(one, { limit: 10, perFunction: 5 })).toContain('few')
  })
})
