import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals'
import type { EntryStream } from '../../../sources/redis-streams/entry-stream.ts'
import { openEntryStream } from './entry-stream.ts'
import { describeWithRedis, startRedis, type RunningRedis } from '../testing/redis-server.ts'

describeWithRedis('a Redis stream as a group reads it', () => {
  let redis: RunningRedis
  let stream: EntryStream
  const open = () => openEntryStream({ url: redis.url, key: 'orders', group: 'g' })
  const add = (...fields: string[]) => redis.cli('XADD', 'orders', '*', ...fields)
  const left = () => Number(redis.cli('XPENDING', 'orders', 'g').split('\n')[0])
  const pendingIds = async (after: string, most: number) =>
    (await stream.pending(after, most)).entries.map(({ id }) => id)
  const idsOf = async (entries: Promise<{ id: string }[]>) => (await entries).map(({ id }) => id)

  beforeAll(async () => {
    redis = await startRedis()
  })
  afterAll(() => redis.stop())
  beforeEach(async () => {
    redis.cli('FLUSHALL')
    stream = await open()
  })
  afterEach(() => stream.close())

  test('hands out each entry once, in order, and unacknowledged ones again to the next reader', async () => {
    await stream.createGroup('0-0')
    const ids = [add('a', '1'), add('a', '2'), add('a', '3')]
    expect(await idsOf(stream.next(2, 0))).toEqual(ids.slice(0, 2))
    expect(await idsOf(stream.next(2, 0))).toEqual(ids.slice(2))
    expect(await stream.next(2, 10)).toEqual([])
    await stream.acknowledge([ids[1] ?? ''])
    stream.close()
    stream = await open()
    expect(await stream.pending('0-0', 10)).toEqual({
      entries: [
        { id: ids[0], fields: [[Buffer.from('a'), Buffer.from('1')]] },
        { id: ids[2], fields: [[Buffer.from('a'), Buffer.from('3')]] },
      ],
      deleted: 0,
    })
    expect(await pendingIds(ids[0] ?? '', 10)).toEqual([ids[2]])
  })

  test('waits for the first entry', async () => {
    await stream.createGroup('0-0')
    const waiting = stream.next(10, 1000)
    const id = add('a', '1')
    expect(await idsOf(waiting)).toEqual([id])
  })

  test('acknowledges pending entries that were deleted, and counts them', async () => {
    await stream.createGroup('0-0')
    const ids = [add('a', '1'), add('a', '2'), add('a', '3')]
    await stream.next(10, 0)
    redis.cli('XDEL', 'orders', ids[0] ?? '', ids[1] ?? '')
    expect(await stream.pending('0-0', 1)).toMatchObject({ entries: [{ id: ids[2] }], deleted: 2 })
    expect(left()).toBe(1)
  })

  test('counts entries that were deleted before they were delivered, once', async () => {
    await stream.createGroup('0-0')
    expect(await stream.missed()).toBe(0)
    for (let number = 0; number < 10; number++) add('a', String(number))
    expect(await stream.missed()).toBe(0)
    await stream.next(3, 0)
    redis.cli('XTRIM', 'orders', 'MAXLEN', '7')
    expect(await stream.missed()).toBe(0)
    redis.cli('XTRIM', 'orders', 'MAXLEN', '2')
    expect([await stream.missed(), await stream.missed()]).toEqual([5, 0])
    await stream.next(10, 0)
    expect(await stream.missed()).toBe(0)
    for (let number = 0; number < 4; number++) add('a', String(number))
    redis.cli('XTRIM', 'orders', 'MAXLEN', '0')
    expect([await stream.missed(), await stream.missed()]).toEqual([4, 0])
  })

  test('does not know how many were deleted where Redis has not counted what the group read', async () => {
    const ids = [add('a', '1'), add('a', '2'), add('a', '3'), add('a', '4')]
    await stream.createGroup(ids[1] ?? '')
    expect(await stream.missed()).toBe(0)
    redis.cli('XTRIM', 'orders', 'MAXLEN', '1')
    expect(await stream.missed()).toBe('unknown')
  })

  test('creates the group after the given id, and does not move an existing group', async () => {
    expect(await stream.lastId()).toBe('0-0')
    const first = add('a', '1')
    expect(await stream.lastId()).toBe(first)
    expect(await stream.createGroup(first)).toBe(true)
    const second = add('a', '2')
    expect(await stream.createGroup('0-0')).toBe(false)
    expect(await idsOf(stream.next(10, 0))).toEqual([second])
    await stream.removeGroup()
    await stream.createGroup('0-0')
    expect(await idsOf(stream.next(10, 0))).toEqual([first, second])
  })

  test('fails when the key is not a stream', async () => {
    expect(await stream.isStream()).toBe(true)
    redis.cli('SET', 'orders', 'x')
    expect(await stream.isStream()).toBe(false)
    await stream.removeGroup()
  })

  test('on an unreachable server is an error that names the setting', async () => {
    const url = 'redis://:secret@127.0.0.1:1'
    const fault = await openEntryStream({ url, key: 'k', group: 'g' }).catch((error: unknown) => error)
    expect(String(fault)).toContain('KUBELAMBDA_REDIS_SOURCES')
    expect(String(fault)).not.toContain('secret')
  })
})
