import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { fakeDocuments } from '../../functions/catalogue/documents.fake.ts'
import { openEntryStream } from '../../store/redis/streams/entry-stream.ts'
import { describeWithRedis, startRedis, type RunningRedis } from '../../store/redis/testing/redis-server.ts'
import { createCheckpoints, type Checkpoints } from '../polling/checkpoints.ts'
import type { OpenEntryStream, StreamEntry } from './entry-stream.ts'
import type { PollSettings } from '../mappings/poll-settings.ts'
import { redisRecord } from './record.ts'
import { createRedisStreamsSource } from './source.ts'
import type { FailureRecord, Source, SourceParts } from '../polling/source.ts'
import { createSources } from '../sources.ts'
import { eventually } from '../testing/eventually.ts'
import {
  aMapping,
  fakeMappings,
  unusedServices,
  fakeFunction,
  sourceParts,
  sourcesParts,
  type Answer,
} from '../testing/samples.ts'

interface RedisEvent {
  Records: { eventID: string; redisStream: { id: string; fields: Record<string, string> } }[]
}

const textsOf = ({ Records }: RedisEvent) => Records.map(({ redisStream }) => redisStream.fields['text'] ?? '')

describeWithRedis('a Redis stream as event source', () => {
  let redis: RunningRedis
  let checkpoints: Checkpoints
  let key: string
  let failures: FailureRecord[]
  let ending: AbortController
  let polling: Promise<void>
  beforeAll(async () => {
    redis = await startRedis()
  })
  afterAll(() => redis.stop())
  beforeEach(() => {
    key = `orders:${randomUUID()}`
    checkpoints = createCheckpoints(fakeDocuments(), 'uuid')
    failures = []
    ending = new AbortController()
    polling = Promise.resolve()
  })
  const stop = async () => {
    ending.abort()
    await polling.catch(() => undefined)
    ending = new AbortController()
  }
  afterEach(stop)

  const arn = () => `arn:aws:elasticache:us-east-1:123456789012:stream/main/${key}`
  const add = (text: string, ...fields: string[]) => redis.cli('XADD', key, '*', 'text', text, ...fields)
  const group = `kubelambda:${aMapping().uuid}`
  const pending = () => Number(redis.cli('XPENDING', key, group).split('\n')[0])
  const open = (
    settings: Partial<PollSettings>,
    respond: (event: RedisEvent) => Answer | Promise<Answer>,
    others: Partial<SourceParts> = {},
  ): Source => {
    return createRedisStreamsSource(
      sourceParts(unusedServices, { kind: 'redis', sourceArn: arn(), ...settings }, fakeFunction(respond), {
        checkpoints,
        discard: async (failure) => void failures.push(failure),
        openEntryStream: async (server, name, named) =>
          server === 'main' ? openEntryStream({ url: redis.url, key: name, group: named }) : undefined,
        ...others,
      }),
    )
  }
  const poll = (...[settings, respond, others]: Parameters<typeof open>) => {
    polling = open(settings, respond, others).poll('stream', { name: 'stream', fence: 1 }, ending.signal)
    polling.catch(() => undefined)
  }

  test('an entry is an event in the manner of streams, and is acknowledged when it was run', async () => {
    const id = add('hello', 'n', '1', 'n', '2')
    const events: unknown[] = []
    poll({}, (event) => {
      events.push(event)
      return {}
    })
    await eventually(() => events.length > 0 && pending() === 0)
    expect(events).toEqual([
      {
        Records: [
          {
            redisStream: {
              stream: key,
              id,
              approximateArrivalTimestamp: Number(id.split('-')[0]) / 1000,
              isBase64Encoded: false,
              fields: { text: 'hello', n: ['1', '2'] },
            },
            eventSource: 'kubelambda:redis-streams',
            eventVersion: '1.0',
            eventID: `${key}:${id}`,
            eventName: 'kubelambda:redis-streams:record',
            awsRegion: 'us-east-1',
            eventSourceARN: arn(),
          },
        ],
      },
    ])
  })

  describe('of which entries were deleted', () => {
    let losses: string[]
    let seen: string[]
    beforeEach(() => {
      losses = []
      seen = []
    })
    const lost = (name: string, reason: string) => void losses.push(`${name}: ${reason}`)
    const run = async (isDone: () => boolean, settings: Partial<PollSettings> = {}) => {
      const respond = (event: RedisEvent) => {
        seen.push(...textsOf(event))
        return {}
      }
      poll(settings, respond, { lost })
      await eventually(isDone)
      await stop()
    }

    test('before they were delivered says how many, and reads on', async () => {
      for (const text of ['1', '2']) add(text)
      await run(() => seen.length === 2 && pending() === 0)
      for (const text of ['3', '4', '5', '6']) add(text)
      redis.cli('XTRIM', key, 'MAXLEN', '1')
      await run(() => seen.includes('6') && pending() === 0)
      add('7')
      await run(() => seen.includes('7'))
      expect(seen).toEqual(['1', '2', '6', '7'])
      expect(losses).toEqual([`${key}: 3 of its entries were deleted before they were run.`])
    })

    test('while they were pending says how many, and reads on', async () => {
      const first = add('1')
      redis.cli('XGROUP', 'CREATE', key, group, '0')
      redis.cli('XREADGROUP', 'GROUP', group, 'kubelambda', 'COUNT', '1', 'STREAMS', key, '>')
      redis.cli('XDEL', key, first)
      add('2')
      await checkpoints.save('stream', { sequenceNumber: '0-0' }, 0)
      await run(() => seen.includes('2'))
      expect([seen, losses]).toEqual([['2'], [`${key}: 1 of its entries were deleted before they were run.`]])
    })

    test('with its group says so, and begins again where the mapping began', async () => {
      add('before')
      await run(() => redis.cli('EXISTS', key) === '1' && redis.cli('XINFO', 'GROUPS', key) !== '', {
        startingPosition: 'LATEST',
      })
      add('1')
      redis.cli('XGROUP', 'DESTROY', key, group)
      await run(() => seen.includes('1'), { startingPosition: 'LATEST' })
      expect(seen).toEqual(['1'])
      expect(losses).toEqual([
        expect.stringMatching(/: its consumer group was deleted. Reading begins again after \d+-0.$/),
      ])
    })

    test('with the stream reads the new one from its beginning, also when its ids are lower', async () => {
      add('before')
      await run(() => redis.cli('XINFO', 'GROUPS', key) !== '', { startingPosition: 'LATEST' })
      redis.cli('DEL', key)
      redis.cli('XADD', key, '5-1', 'text', 'low')
      await run(() => seen.includes('low'), { startingPosition: 'LATEST' })
      expect(seen).toEqual(['low'])
      expect(losses).toEqual([`${key}: its consumer group was deleted. Reading begins again after 0-0.`])
    })
  })

  test('entries that no filter wants are acknowledged and not run; values of JSON are seen as such', async () => {
    add('plain', 'order', '{"total": 300.0}')
    add('other', 'order', '{"total": 300}')
    add('none')
    const seen: string[] = []
    poll({ filters: ['{"redisStream":{"fields":{"order":{"total":[300.0]},"text":["plain"]}}}'] }, (event) => {
      seen.push(...textsOf(event))
      return {}
    })
    await eventually(() => seen.length > 0 && pending() === 0)
    expect(seen).toEqual(['plain'])
  })

  test('LATEST begins after the last entry when the mapping starts, also for the next server', async () => {
    add('before')
    const seen: string[] = []
    const respond = (event: RedisEvent) => {
      seen.push(...textsOf(event))
      return {}
    }
    poll({ startingPosition: 'LATEST' }, respond)
    await eventually(async () => (await checkpoints.find('stream')) !== undefined)
    await stop()
    add('after')
    poll({ startingPosition: 'LATEST' }, respond)
    await eventually(() => seen.length > 0)
    expect(seen).toEqual(['after'])
  })

  test('AT_TIMESTAMP begins with the first entry of that time', async () => {
    redis.cli('XADD', key, '1000-5', 'text', 'before')
    redis.cli('XADD', key, '1001-0', 'text', 'then')
    const seen: string[] = []
    poll({ startingPosition: 'AT_TIMESTAMP', startingTimestampMs: 1001 }, (event) => {
      seen.push(...textsOf(event))
      return {}
    })
    await eventually(() => seen.length > 0)
    expect(seen).toEqual(['then'])
  })

  test('a batch is filled until the batching window ends', async () => {
    const sizes: number[] = []
    poll({ batchSize: 5, batchingWindowSeconds: 60 }, ({ Records }) => {
      sizes.push(Records.length)
      return {}
    })
    for (let index = 0; index < 10; index++) add(String(index))
    await eventually(() => sizes.length === 2)
    expect(sizes).toEqual([5, 5])
  })

  test('pending entries of a reader run before new ones, in order', async () => {
    for (const text of ['1', '2', '3']) add(text)
    const seen: string[] = []
    poll({}, () => 'refused')
    await eventually(() => pending() === 3)
    await stop()
    add('4')
    poll({ batchSize: 2 }, (event) => {
      seen.push(...textsOf(event))
      return {}
    })
    await eventually(() => seen.length === 4)
    expect(seen).toEqual(['1', '2', '3', '4'])
  })

  test('a stop waits for the running batch, which is acknowledged; entries taken after it stay for the next reader', async () => {
    const release = Promise.withResolvers<undefined>()
    const seen: string[] = []
    const respond = async (event: RedisEvent) => {
      seen.push(...textsOf(event))
      await release.promise
      return {}
    }
    add('1')
    poll({ batchSize: 1 }, respond)
    await eventually(() => seen.length === 1)
    const stopping = stop()
    add('2')
    release.resolve(undefined)
    await stopping
    expect([seen, pending()]).toEqual([['1'], 0])
    poll({ batchSize: 1 }, respond)
    await eventually(() => seen.length === 2 && pending() === 0)
    expect(seen).toEqual(['1', '2'])
  })

  test('of a batch with reported failures everything from the lowest on is run again', async () => {
    for (const text of ['1', '2', '3']) add(text)
    const batches: string[][] = []
    poll({ reportsItemFailures: true }, (event) => {
      batches.push(textsOf(event))
      if (batches.length > 1) return {}
      const failed = event.Records.slice(1).toReversed()
      return { payload: { batchItemFailures: failed.map(({ redisStream }) => ({ itemIdentifier: redisStream.id })) } }
    })
    await eventually(() => batches.length === 2 && pending() === 0)
    expect(batches[1]).toEqual(['2', '3'])
  })

  test('a batch that keeps failing is bisected, and only the poison entry discarded, with a failure record as for other streams', async () => {
    const ids = ['1', 'poison', '3'].map((text) => add(text))
    const done: string[] = []
    poll({ maximumRetryAttempts: 0, bisectsOnError: true }, (event) => {
      if (textsOf(event).includes('poison')) return { functionError: 'Unhandled' }
      done.push(...textsOf(event))
      return {}
    })
    await eventually(() => done.includes('3') && pending() === 0)
    expect(done).toEqual(['1', '3'])
    expect(failures.map(({ record }) => record)).toEqual([
      {
        requestContext: {
          requestId: expect.any(String),
          functionArn: aMapping().functionArn,
          condition: 'RetryAttemptsExhausted',
          approximateInvokeCount: expect.any(Number),
        },
        responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
        version: '1.0',
        timestamp: expect.any(String),
        RedisStreamBatchInfo: {
          shardId: 'stream',
          startSequenceNumber: ids[1],
          endSequenceNumber: ids[1],
          approximateArrivalOfFirstRecord: expect.stringMatching(/\.\d{3}Z$/),
          approximateArrivalOfLastRecord: expect.stringMatching(/\.\d{3}Z$/),
          batchSize: 1,
          streamArn: arn(),
        },
      },
    ])
  })

  test('entries that are too old are discarded without being run', async () => {
    redis.cli('XADD', key, '1000-0', 'text', 'old')
    add('new')
    const seen: string[] = []
    poll({ maximumRecordAgeSeconds: 60 }, (event) => {
      seen.push(...textsOf(event))
      return {}
    })
    await eventually(() => seen.length > 0 && pending() === 0)
    expect([seen, failures.length]).toEqual([['new'], 1])
  })

  test('a server that has no name here, and a key of another type, are said to be no stream', async () => {
    const other = 'arn:aws:elasticache:us-east-1:123456789012:stream/other/k'
    poll({ sourceArn: other }, () => ({}))
    await expect(polling).rejects.toThrow(`Stream not found: ${other}`)
    redis.cli('SET', key, 'x')
    poll({}, () => ({}))
    await expect(polling).rejects.toThrow(`Stream not found: ${arn()}`)
  })

  test('a mapping that is gone leaves no group behind', async () => {
    add('1')
    poll({}, () => ({}))
    await eventually(() => redis.cli('XINFO', 'GROUPS', key).includes(group))
    await stop()
    await open({}, () => ({})).remove?.()
    expect(redis.cli('XINFO', 'GROUPS', key)).toBe('')
  })

  test('a mapping that is deleted while it is disabled leaves no group behind', async () => {
    add('1')
    const mappings = fakeMappings()
    const settings = aMapping({ kind: 'redis', sourceArn: arn() })
    mappings.put(settings, 'Enabled')
    const open: OpenEntryStream = (_server, name, named) => openEntryStream({ url: redis.url, key: name, group: named })
    const sources = createSources(sourcesParts(mappings, { openEntryStream: open }))
    try {
      sources.start()
      await eventually(() => redis.cli('XINFO', 'GROUPS', key).includes(group))
      mappings.put(settings, 'Disabling')
      sources.wake()
      await eventually(() => mappings.stateOf(settings.uuid) === 'Disabled')
      mappings.remove(settings.uuid)
      sources.wake()
      await eventually(() => redis.cli('XINFO', 'GROUPS', key) === '')
    } finally {
      await sources.close()
    }
  })
})

test('an entry whose bytes are no text is base64', () => {
  const entry: StreamEntry = { id: '1-0', fields: [[Buffer.from('n'), Buffer.from([255, 0])]] }
  expect(redisRecord(entry, 'k', 'arn').event).toMatchObject({
    redisStream: { isBase64Encoded: true, fields: { 'bg==': '/wA=' } },
  })
})
