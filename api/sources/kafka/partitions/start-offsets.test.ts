import { expect, test } from '@jest/globals'
import { fakeDocuments } from '../../../functions/catalogue/documents.fake.ts'
import { createCheckpoints } from '../../polling/checkpoints.ts'
import { aMapping } from '../../testing/samples.ts'
import { keepStartOffsets, startOffset, type Offsets } from './start-offsets.ts'

/** A topic of two partitions, whose records of the time asked for begin at 5 and 6. */
function topic(asked: unknown[] = []): Offsets {
  const both = async (first: string, second: string) => [
    { partition: 0, offset: first },
    { partition: 1, offset: second },
  ]
  return {
    beginnings: () => both('2', '3'),
    ends: () => both('10', '20'),
    since(name, timestampMs) {
      asked.push([name, timestampMs])
      return both('5', '6')
    },
  }
}
const kafka = { bootstrapServers: [], topics: ['t'], consumerGroupId: 'g', access: [], hasSchemaRegistry: false }
const starts = async (settings: Parameters<typeof aMapping>[0], offsets = topic()) => {
  const parts = { settings: aMapping({ kafka, ...settings }), checkpoints: createCheckpoints(fakeDocuments(), 'uuid') }
  await keepStartOffsets(offsets, parts)
  await keepStartOffsets(topic([]), { ...parts, settings: aMapping({ kafka, startingPosition: 'LATEST' }) })
  const of = (partition: number) => startOffset(topic(), { topic: 't', partition }, parts)
  return [await of(0), await of(1)]
}

test('TRIM_HORIZON begins at the first record that is still there', async () => {
  expect(await starts({ startingPosition: 'TRIM_HORIZON' })).toEqual(['2', '3'])
})

test('LATEST begins behind the last record', async () => {
  expect(await starts({ startingPosition: 'LATEST' })).toEqual(['10', '20'])
})

test('AT_TIMESTAMP begins at the first record of that time, and is decided once', async () => {
  const asked: unknown[] = []
  const settings = { startingPosition: 'AT_TIMESTAMP', startingTimestampMs: 1234 } as const
  expect(await starts(settings, topic(asked))).toEqual(['5', '6'])
  expect(asked).toEqual([['t', 1234]])
})
