import { beforeEach, expect, test } from '@jest/globals'
import { fakeDocuments } from '../../../functions/catalogue/documents.fake.ts'
import { createCheckpoints } from '../../polling/checkpoints.ts'
import { aMapping } from '../../testing/samples.ts'
import { keepStartOffsets, startOffset, type Offsets } from './start-offsets.ts'

/** A topic of two partitions, whose records of the time asked for begin at 5 and 6. */
function topic(asked: unknown[] = [], identity = 'one'): Offsets {
  const both = async (first: string, second: string) => [
    { partition: 0, offset: first },
    { partition: 1, offset: second },
  ]
  return {
    identity: async () => identity,
    beginnings: () => both('2', '3'),
    ends: () => both('10', '20'),
    since(name, timestampMs) {
      asked.push([name, timestampMs])
      return both('5', '6')
    },
  }
}
const kafka = { bootstrapServers: [], topics: ['t'], consumerGroupId: 'g', access: [], hasSchemaRegistry: false }
let losses: string[] = []
beforeEach(() => void (losses = []))
const newParts = (settings: Parameters<typeof aMapping>[0]) => ({
  settings: aMapping({ kafka, ...settings }),
  checkpoints: createCheckpoints(fakeDocuments(), 'uuid'),
  lost: (part: string, reason: string) => void losses.push(`${part}: ${reason}`),
})
const starts = async (settings: Parameters<typeof aMapping>[0], offsets = topic()) => {
  const parts = newParts(settings)
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

test('a topic that was created again begins at its first record, whatever the mapping began at before', async () => {
  const parts = newParts({ startingPosition: 'LATEST' })
  const start = async (identity: string) => {
    await keepStartOffsets(topic([], identity), parts)
    return startOffset(topic(), { topic: 't', partition: 0 }, parts)
  }
  expect([await start('one'), await start(''), await start('one')]).toEqual(['10', '10', '10'])
  expect(losses).toEqual([])
  expect([await start('other'), await start('other')]).toEqual(['2', '2'])
  expect(losses).toEqual(['t: the topic was deleted and created again. Reading continues at its oldest record.'])
})
