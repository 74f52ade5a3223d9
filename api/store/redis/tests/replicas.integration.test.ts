import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { aFunction, aVersion } from '../../../functions/testing/samples.ts'
import { catalogueKeys } from '../connection/keys.ts'
import { openRedisStore, type RedisStore } from '../redis-store.ts'
import { describeWithRedis, eventually, startRedis, type RunningRedis } from '../testing/redis-server.ts'

const log = { info: () => undefined, warn: () => undefined }

describeWithRedis('a catalogue of several replicas', () => {
  let redis: RunningRedis
  let one: RedisStore
  let other: RedisStore
  beforeEach(async () => {
    redis = await startRedis()
    one = await openRedisStore({ url: redis.url, replicaId: 'one', log })
    other = await openRedisStore({ url: redis.url, replicaId: 'other', log })
    await one.catalogue.save({ record: aFunction('f'), expectedRevision: 0, versions: [aVersion('1')] })
    for (const store of [one, other]) await readsFromMemory(store)
  })
  afterEach(async () => {
    await one.close()
    await other.close()
    await redis.stop()
  })
  const reads = () =>
    /cmdstat_hmget:calls=(\d+).*[\s\S]*cmdstat_hget:calls=(\d+)|$/
      .exec(redis.cli('info', 'commandstats'))
      ?.slice(1)
      .join(' ')
  const readsFromMemory = (store: RedisStore) =>
    eventually(async () => {
      await store.catalogue.find('f')
      const before = reads()
      await store.catalogue.find('f')
      return reads() === before
    })
  const save = async (store: RedisStore, tag: string) => {
    const expectedRevision = (await store.catalogue.find('f'))?.revision ?? 0
    return store.catalogue.save({ record: aFunction('f', { tags: { tag } }), expectedRevision })
  }
  const tagSeenBy = async (store: RedisStore) => (await store.catalogue.find('f'))?.value.tags['tag']

  test('reads a record and its versions once', async () => {
    await one.catalogue.findVersion('f', '1')
    const before = reads()
    for (let round = 0; round < 10; round++) {
      expect((await one.catalogue.find('f'))?.value.name).toBe('f')
      expect((await one.catalogue.findVersion('f', '1'))?.version).toBe('1')
    }
    expect(reads()).toBe(before)
  })

  test('tells the others of a save and a removal, and the one that made it not', async () => {
    const told: string[] = []
    one.onChange((name) => void told.push(`one ${name}`))
    other.onChange((name) => void told.push(`other ${name}`))
    await save(one, 'new')
    expect(await tagSeenBy(one)).toBe('new')
    await eventually(async () => (await tagSeenBy(other)) === 'new')
    await one.catalogue.remove('f', (await one.catalogue.find('f'))?.revision ?? 0)
    await eventually(async () => (await other.catalogue.find('f')) === undefined)
    expect(told).toEqual(['other f', 'other f'])
  })

  test('a replica sees each of its own saves, however many reads are under way', async () => {
    let isDone = false
    const readers = Array.from({ length: 4 }, async () => {
      while (!isDone) {
        await one.catalogue.find('f')
        await nextTurn()
      }
    })
    for (let round = 0; round < 200; round++) {
      expect(await save(one, String(round))).toBe(true)
      expect(await tagSeenBy(one)).toBe(String(round))
    }
    isDone = true
    await Promise.all(readers)
  })

  test('a change whose message was lost is seen all the same', async () => {
    const document = JSON.stringify(aFunction('f', { tags: { tag: 'untold' } }))
    redis.cli('hset', catalogueKeys.record('f'), 'document', document)
    redis.cli('incr', catalogueKeys.revision)
    let missed = 0
    other.onMissed(() => {
      missed++
    })
    for (const store of [one, other]) await eventually(async () => (await tagSeenBy(store)) === 'untold')
    await eventually(() => missed > 0)
    for (const store of [one, other]) await readsFromMemory(store)
  })

  test('a replica whose subscription was cut off trusts nothing from before', async () => {
    redis.cli('client', 'kill', 'type', 'pubsub')
    await save(one, 'meanwhile')
    await eventually(async () => (await tagSeenBy(other)) === 'meanwhile')
    for (const store of [one, other]) await readsFromMemory(store)
  })

  test('a replica is told that it may have missed changes, once it hears of them again', async () => {
    const told: string[] = []
    other.onChange((name) => void told.push(name))
    other.onMissed(() => void told.push('some'))
    redis.cli('acl', 'setuser', 'default', '-subscribe')
    redis.cli('client', 'kill', 'type', 'pubsub')
    await save(one, 'unheard')
    await eventually(async () => (await tagSeenBy(other)) === 'unheard')
    // It may have been told once when it began to hear of changes.
    told.length = 0
    redis.cli('acl', 'setuser', 'default', '+subscribe')
    await eventually(() => told.length > 0)
    await save(one, 'heard')
    await eventually(() => told.includes('f'))
    expect([...new Set(told)]).toEqual(['some', 'f'])
  })
})
