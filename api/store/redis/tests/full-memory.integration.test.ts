import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { anEvent, aProgress } from '../../../events/testing/samples.ts'
import { aFunction } from '../../../functions/testing/samples.ts'
import { environmentKeys, eventKeys, serverKeys } from '../connection/keys.ts'
import { openRedisStore, type RedisStore } from '../redis-store.ts'
import { describeWithRedis, eventually, startRedis, type RunningRedis } from '../testing/redis-server.ts'

const log = { info: () => undefined, warn: () => undefined }
const step = { progress: aProgress }
const payload = Buffer.alloc(100_000, 1)
const full = { name: 'ServiceException', status: 503 }

describeWithRedis('a Redis whose memory is full', () => {
  let redis: RunningRedis
  let store: RedisStore
  let stores: RedisStore[]
  let limit: number
  const open = async (replicaId: string) => {
    const opened = await openRedisStore({ url: redis.url, replicaId, log })
    stores.push(opened)
    return opened
  }
  beforeEach(async () => {
    stores = []
    redis = await startRedis()
    store = await open('a')
    await store.catalogue.save({ record: aFunction('kept'), expectedRevision: 0 })
    await fill()
  })
  afterEach(async () => {
    for (const opened of stores) await opened.close()
    await redis.stop()
  })
  const fill = async () => {
    const used = Number(/used_memory:(\d+)/.exec(redis.cli('info', 'memory'))?.[1])
    limit = used + 3_000_000
    redis.cli('config', 'set', 'maxmemory', String(limit))
    for (const id of ['finished', 'back', 'failed']) await store.events.add(anEvent('f', id))
    const add = async () => {
      for (let at = 0; at < 1000; at++) await store.events.add(anEvent('g', String(at), { payload }))
    }
    await expect(add()).rejects.toMatchObject(full)
    // What clients and sockets use comes and goes: from here on all of it is too much.
    redis.cli('config', 'set', 'maxmemory', String(used / 2))
  }
  const take = async (limit = 100) =>
    (await store.events.take({ limit, perFunction: limit, skip: new Set(), nowMs: Date.now() })).map(({ id }) => id)

  test('still hands out events and stores their outcomes, and then accepts new ones', async () => {
    const taken = await take()
    expect(taken).toEqual(expect.arrayContaining(['finished', 'back', 'failed']))
    await store.events.note('failed', step)
    await store.events.putBack('back', Date.now(), step)
    await store.events.fail('failed', step, 10)
    for (const id of taken) if (!['back', 'failed'].includes(id)) await store.events.finish(id)
    await eventually(async () => (await store.failedEvents.find('back'))?.state !== 'inFlight')
    expect(await store.failedEvents.find('failed')).toMatchObject({ state: 'failed', progress: aProgress })
    await expect(store.events.add(anEvent('f', 'new'))).rejects.toMatchObject(full)
    await expect(store.documents.save({ kind: 'layer', id: 'l' }, {}, 0)).rejects.toMatchObject(full)
    await eventually(async () => {
      for (const id of await take()) if (id !== 'back') await store.events.finish(id)
      return Number(redis.cli('zcard', eventKeys.turns)) === 0
    })
    redis.cli('config', 'set', 'maxmemory', String(limit))
    await store.events.add(anEvent('f', 'new'))
    await eventually(async () => (await take()).includes('new'))
  })

  test('still renews leases, and releases the events of a server that is gone', async () => {
    const [first] = await take(1)
    const ends = () => [serverKeys.living, eventKeys.takers].map((key) => Number(redis.cli('zscore', key, 'a')))
    const before = ends()
    await eventually(() => ends().every((end, at) => end > (before[at] ?? 0)))
    await store.events.close()
    expect((await store.failedEvents.find(first ?? ''))?.state).toBe('ready')
  })

  test('still serves invocations: permits, environments and their tokens', async () => {
    const request = { functionName: 'f', accountLimit: 10, unreservedLimit: 10 }
    expect(await store.permits.acquire(request)).toBe('acquired')
    await store.permits.release({ functionName: 'f', isReserved: false }, 1)
    expect(await store.leases.nextToken()).toBeLessThan(await store.leases.nextToken())
    await store.leases.hold('held')
    expect(await store.leases.claim('claimed', { isUnknownFree: true })).toBe('claimed')
    expect(await store.leases.park('held', 'key')).toBe(true)
    expect(await store.leases.takeParked('key')).toBe('held')
    await store.provisionShares.report('key', { initialised: 1, isFailed: false })
    expect(redis.cli('hget', environmentKeys.provisioned('key'), 'a')).toBe('1')
    expect(await store.sourceLeases.acquire('source', 60_000)).toBeDefined()
  })

  test('still lets functions and events be removed, and a server start', async () => {
    await eventually(async () => store.catalogue.remove('kept', (await store.catalogue.find('kept'))?.revision ?? 0))
    expect(await store.failedEvents.remove('0')).toBe(true)
    const other = await open('b')
    expect(other.linkKey).toEqual(store.linkKey)
  })
})
