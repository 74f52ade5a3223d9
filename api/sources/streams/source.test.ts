import { expect, test } from '@jest/globals'
import { AwsRefusal } from '../../aws/services.ts'
import { ExpiredIterator } from './stream-call.ts'
import { createStreamSource } from './source.ts'
import type { Position, Shard, Stream } from './stream.ts'
import type { StreamRecord } from '../batches/stream-record.ts'
import { unusedServices, fakeFunction, sourceParts } from '../testing/samples.ts'

interface ScriptedShard extends Shard {
  readonly records: readonly string[]
}

function recordOf(text: string, index: number): StreamRecord {
  return { sequenceNumber: String(index), arrivedMs: 0, orderKey: 'k', event: { text }, data: text }
}

/** A stream in memory. Closed shards end, as those of Kinesis do. */
function scriptedStream(shards: readonly ScriptedShard[], expireOnce = false): Stream {
  let hasExpired = !expireOnce
  return {
    pollMs: 1,
    dataKey: 'data',
    batchInfoKey: 'KinesisBatchInfo',
    shards: async () => shards,
    iterator: async (_shardId, position: Position) => String('after' in position ? Number(position.after) + 1 : 0),
    async read(shardId, iterator, most) {
      if (iterator !== '0' && !hasExpired) {
        hasExpired = true
        throw new ExpiredIterator('too old', { cause: new AwsRefusal('ExpiredIteratorException', '', 400) })
      }
      const { records = [], isClosed = false } = shards.find(({ id }) => id === shardId) ?? {}
      const from = Number(iterator)
      const page = records.slice(from, from + most).map((text, index) => recordOf(text, from + index))
      const end = from + page.length
      return { records: page, ...(isClosed && end === records.length ? {} : { next: String(end) }) }
    },
  }
}

const open = (shards: readonly ScriptedShard[], seen: string[], expireOnce = false) => {
  const run = fakeFunction(({ Records }: { Records: { text: string }[] }) => {
    seen.push(...Records.map(({ text }) => text))
    return {}
  })
  return createStreamSource(scriptedStream(shards, expireOnce), sourceParts(unusedServices, { batchSize: 2 }, run))
}
const never = new AbortController().signal

test('shards that were split or merged are read to their end before their children', async () => {
  const seen: string[] = []
  const source = open(
    [
      { id: 'a', parentIds: ['long gone'], isClosed: true, records: ['a1', 'a2', 'a3'] },
      { id: 'b', parentIds: [], isClosed: true, records: ['b1'] },
      { id: 'merged', parentIds: ['a', 'b'], isClosed: true, records: ['m1'] },
    ],
    seen,
  )
  expect(await source.parts()).toEqual(['a', 'b'])
  await source.poll('a', { name: 'a', fence: 1 }, never)
  expect(await source.parts()).toEqual(['b'])
  await source.poll('b', { name: 'b', fence: 1 }, never)
  expect(await source.parts()).toEqual(['merged'])
  await source.poll('merged', { name: 'merged', fence: 1 }, never)
  expect(await source.parts()).toEqual([])
  expect(seen).toEqual(['a1', 'a2', 'a3', 'b1', 'm1'])
})

test('an expired iterator is replaced, at the position after the last record read', async () => {
  const seen: string[] = []
  const source = open([{ id: 'a', parentIds: [], isClosed: true, records: ['1', '2', '3', '4', '5'] }], seen, true)
  await source.poll('a', { name: 'a', fence: 1 }, never)
  expect(seen).toEqual(['1', '2', '3', '4', '5'])
})
