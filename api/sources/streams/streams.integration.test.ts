import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { fakeDocuments } from '../../functions/catalogue/documents.fake.ts'
import { createCheckpoints, type Checkpoints } from '../polling/checkpoints.ts'
import { openSource } from '../open-source.ts'
import type { PollSettings } from '../mappings/poll-settings.ts'
import type { FailureRecord, Source, SourceParts } from '../polling/source.ts'
import { eventually } from '../testing/eventually.ts'
import { describeWithMoto, startMoto, type Moto } from '../testing/moto.ts'
import { fakeFunction, sourceParts, type Answer } from '../testing/samples.ts'

interface KinesisEvent {
  Records: { eventID: string; kinesis: { data: string; partitionKey: string; sequenceNumber: string } }[]
  [other: string]: unknown
}

const textsOf = ({ Records }: KinesisEvent) =>
  Records.map(({ kinesis }) => Buffer.from(kinesis.data, 'base64').toString())
const firstShard = 'shardId-000000000000'

describeWithMoto('a stream as event source', () => {
  let moto: Moto
  let checkpoints: Checkpoints
  let failures: FailureRecord[]
  let ending: AbortController
  let polls: Promise<void>[]
  beforeAll(async () => {
    moto = await startMoto()
  }, 60_000)
  afterAll(() => moto.close())
  beforeEach(() => {
    checkpoints = createCheckpoints(fakeDocuments(), 'uuid')
    failures = []
    ending = new AbortController()
    polls = []
  })
  const stop = async () => {
    ending.abort()
    await Promise.allSettled(polls)
    ending = new AbortController()
    polls = []
  }
  afterEach(stop)

  const ask = <Result>(action: string, input: object) =>
    moto.ask<Result>('kinesis', `Kinesis_20131202.${action}`, input)
  const newStream = async () => {
    const name = randomUUID()
    await ask('CreateStream', { StreamName: name, ShardCount: 1 })
    return `arn:aws:kinesis:us-east-1:123456789012:stream/${name}`
  }
  const put = (arn: string, text: string, key = 'k') =>
    ask('PutRecord', { StreamARN: arn, Data: Buffer.from(text).toString('base64'), PartitionKey: key })
  const open = (
    settings: Partial<PollSettings>,
    respond: (event: KinesisEvent) => Answer | Promise<Answer>,
    others: Partial<SourceParts> = {},
  ): Promise<Source> => {
    const discard = async (failure: FailureRecord) => void failures.push(failure)
    const all = { kind: 'kinesis', ...settings } as const
    return openSource(sourceParts(moto.services, all, fakeFunction(respond), { checkpoints, discard, ...others }))
  }
  const poll = (source: Source, part: string) => {
    const polling = source.poll(part, { name: part, fence: 1 }, ending.signal)
    polling.catch(() => undefined)
    polls.push(polling)
  }
  const start = async (...[settings, respond, others]: Parameters<typeof open>) => {
    const source = await open(settings, respond, others)
    for (const part of await source.parts()) poll(source, part)
    return source
  }
  const reached = async () => (await checkpoints.find(firstShard))?.sequenceNumber

  test('a Kinesis record is an event in the shape that Lambda gives it', async () => {
    const arn = await newStream()
    await put(arn, 'hello')
    const events: unknown[] = []
    await start({ sourceArn: arn }, (event) => {
      events.push(event)
      return {}
    })
    await eventually(() => events.length > 0)
    expect(events[0]).toEqual({
      Records: [
        {
          kinesis: {
            kinesisSchemaVersion: '1.0',
            partitionKey: 'k',
            sequenceNumber: expect.any(String),
            data: 'aGVsbG8=',
            approximateArrivalTimestamp: expect.any(Number),
          },
          eventSource: 'aws:kinesis',
          eventVersion: '1.0',
          eventID: expect.stringMatching(/^shardId-000000000000:\d+$/),
          eventName: 'aws:kinesis:record',
          invokeIdentityArn: 'arn:aws:iam::000000000000:role/r',
          awsRegion: 'us-east-1',
          eventSourceARN: arn,
        },
      ],
    })
  })

  test('the records of a consumer of a stream are those of the stream', async () => {
    const stream = await newStream()
    await put(stream, 'hello')
    const sourceArn = `${stream}/consumer/c:1`
    const events: KinesisEvent[] = []
    await start({ sourceArn }, (event) => {
      events.push(event)
      return {}
    })
    await eventually(() => events.length > 0)
    expect(events.flatMap(textsOf)).toEqual(['hello'])
    expect(events[0]?.Records[0]).toMatchObject({ eventSourceARN: sourceArn })
  })

  test('a table change is an event in the shape that Lambda gives it, and filters see it', async () => {
    const { TableDescription: table } = await moto.ask<{ TableDescription: { LatestStreamArn: string } }>(
      'dynamodb',
      'DynamoDB_20120810.CreateTable',
      {
        TableName: 't',
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
        BillingMode: 'PAY_PER_REQUEST',
        StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
      },
    )
    const item = { id: { S: 'a' }, data: { B: 'aGk=' } }
    for (const each of [{ id: { S: 'no' } }, item]) {
      await moto.ask('dynamodb', 'DynamoDB_20120810.PutItem', { TableName: 't', Item: each })
    }
    const events: unknown[] = []
    const filters = ['{"eventName":["INSERT"],"dynamodb":{"NewImage":{"id":{"S":["a"]}}}}']
    await start({ kind: 'dynamodb', sourceArn: table.LatestStreamArn, filters }, (event) => {
      events.push(event)
      return {}
    })
    await eventually(() => events.length > 0)
    expect(events).toEqual([
      {
        Records: [
          {
            eventID: expect.any(String),
            eventName: 'INSERT',
            eventVersion: '1.1',
            eventSource: 'aws:dynamodb',
            awsRegion: 'us-east-1',
            dynamodb: {
              ApproximateCreationDateTime: expect.any(Number),
              Keys: { id: { S: 'a' } },
              NewImage: item,
              SequenceNumber: expect.any(String),
              SizeBytes: expect.any(Number),
              StreamViewType: 'NEW_AND_OLD_IMAGES',
            },
            eventSourceARN: table.LatestStreamArn,
          },
        ],
      },
    ])
  })

  test('LATEST is the time at which the mapping began, also for the server after it', async () => {
    const arn = await newStream()
    await put(arn, 'before')
    const beginning = Date.now() + 5_000
    const now = () => beginning
    await (await open({ sourceArn: arn, startingPosition: 'LATEST' }, () => ({}), { now })).parts()
    expect(await checkpoints.find(firstShard)).toMatchObject({ sinceMs: beginning })
    const seen: string[] = []
    await start({ sourceArn: arn, startingPosition: 'LATEST' }, (event) => {
      seen.push(...textsOf(event))
      return {}
    })
    await eventually(async () => {
      await put(arn, 'after')
      return seen.length > 0
    })
    expect(seen[0]).toBe('after')
  })

  test('records of one key are run in order, others beside them', async () => {
    const arn = await newStream()
    const seen: Record<string, number[]> = { a: [], b: [], c: [] }
    for (let index = 0; index < 5; index++) {
      for (const key of ['a', 'b', 'c']) await put(arn, `${key}${index}`, key)
    }
    let hasFailed = false
    await start({ sourceArn: arn, parallelizationFactor: 3, batchSize: 2 }, (event) => {
      const texts = textsOf(event)
      if (!hasFailed && texts.includes('b0')) {
        hasFailed = true
        return { functionError: 'Unhandled' }
      }
      for (const text of texts) seen[text[0] ?? '']?.push(Number(text.slice(1)))
      return {}
    })
    await eventually(() => Object.values(seen).every((list) => list.length >= 5))
    expect(seen).toEqual({ a: [0, 1, 2, 3, 4], b: [0, 1, 2, 3, 4], c: [0, 1, 2, 3, 4] })
  })

  test("a batch that keeps failing is discarded with AWS's failure record", async () => {
    const arn = await newStream()
    await put(arn, 'poison')
    const seen: string[] = []
    await start({ sourceArn: arn, maximumRetryAttempts: 1, batchSize: 1 }, (event) => {
      seen.push(...textsOf(event))
      return textsOf(event)[0] === 'poison' ? { functionError: 'Unhandled' } : {}
    })
    await put(arn, 'good')
    await eventually(() => seen.includes('good'))
    expect(seen).toEqual(['poison', 'poison', 'good'])
    const [failure] = failures
    expect(failure?.record).toEqual({
      requestContext: {
        requestId: 'request-2',
        functionArn: 'arn:aws:lambda:us-east-1:000000000000:function:f',
        condition: 'RetryAttemptsExhausted',
        approximateInvokeCount: 2,
      },
      responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
      version: '1.0',
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      KinesisBatchInfo: {
        shardId: firstShard,
        startSequenceNumber: expect.any(String),
        endSequenceNumber: expect.any(String),
        approximateArrivalOfFirstRecord: expect.stringMatching(/\.\d{3}Z$/),
        approximateArrivalOfLastRecord: expect.stringMatching(/\.\d{3}Z$/),
        batchSize: 1,
        streamArn: arn,
      },
    })
    expect(Object.keys(failure?.record ?? {})).toEqual([
      'requestContext',
      'responseContext',
      'version',
      'timestamp',
      'KinesisBatchInfo',
    ])
  })

  test('records that are too old are discarded without being run', async () => {
    const arn = await newStream()
    await put(arn, 'old')
    let runs = 0
    const now = () => Date.now() + 120_000
    const respond = () => {
      runs++
      return {}
    }
    await start({ sourceArn: arn, maximumRecordAgeSeconds: 60 }, respond, { now })
    await eventually(() => failures.length === 1)
    expect(runs).toBe(0)
    const record = failures[0]?.record as { requestContext: object; responseContext?: object }
    expect(record.requestContext).toMatchObject({ condition: 'RecordAgeExceeded', approximateInvokeCount: 1 })
    expect(record.responseContext).toBeUndefined()
  })

  test('a batch with a poison record is bisected until only that record is discarded', async () => {
    const arn = await newStream()
    for (const text of ['1', '2', 'poison', '4']) await put(arn, text)
    const done: string[] = []
    await start({ sourceArn: arn, maximumRetryAttempts: 0, bisectsOnError: true, batchSize: 4 }, (event) => {
      if (textsOf(event).includes('poison')) return { functionError: 'Unhandled' }
      done.push(...textsOf(event))
      return {}
    })
    await eventually(() => done.includes('4'))
    expect(done).toEqual(['1', '2', '4'])
    expect(failures).toHaveLength(1)
    expect(failures[0]?.record).toMatchObject({ KinesisBatchInfo: { batchSize: 1 } })
  })

  test('of a batch with reported failures everything from the lowest on is run again', async () => {
    const arn = await newStream()
    for (const text of ['1', '2', '3']) await put(arn, text)
    const batches: string[][] = []
    await start({ sourceArn: arn, reportsItemFailures: true }, (event) => {
      batches.push(textsOf(event))
      if (batches.length > 1) return {}
      const failed = event.Records.slice(1).toReversed()
      const batchItemFailures = failed.map(({ kinesis }) => ({ itemIdentifier: kinesis.sequenceNumber }))
      return { payload: { batchItemFailures } }
    })
    await eventually(() => batches.length === 2)
    expect(batches).toEqual([
      ['1', '2', '3'],
      ['2', '3'],
    ])
  })

  test('throttles are tried again and count for nothing', async () => {
    const arn = await newStream()
    await put(arn, 'm')
    let runs = 0
    await start({ sourceArn: arn, maximumRetryAttempts: 0 }, () => (++runs < 3 ? 'refused' : {}))
    await eventually(async () => (await reached()) !== undefined)
    expect([runs, failures]).toEqual([3, []])
  })

  test('a tumbling window hands on its state and ends with an invocation without records', async () => {
    const arn = await newStream()
    const events: KinesisEvent[] = []
    await put(arn, '1')
    await start({ sourceArn: arn, tumblingWindowSeconds: 1, batchSize: 1 }, (event) => {
      events.push(event)
      const { count = 0 } = event['state'] as { count?: number }
      return { payload: { state: { count: count + event.Records.length } } }
    })
    await eventually(() => events.some((event) => event['isFinalInvokeForWindow'] === true))
    expect(events[0]).toMatchObject({
      state: {},
      shardId: firstShard,
      eventSourceARN: arn,
      isFinalInvokeForWindow: false,
    })
    expect(events[0]?.['window']).toEqual({
      start: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      end: expect.stringMatching(/Z$/),
    })
    expect(events[1]).toMatchObject({
      Records: [],
      state: { count: 1 },
      isFinalInvokeForWindow: true,
      isWindowTerminatedEarly: false,
    })
    expect(events[1]?.['window']).toEqual(events[0]?.['window'])
  })

  test('a server that lost its lease cannot set back the checkpoint', async () => {
    const arn = await newStream()
    await put(arn, 'm')
    await checkpoints.save(firstShard, { sinceMs: 0 }, 2)
    await start({ sourceArn: arn }, () => ({}))
    await expect(polls[0]).rejects.toThrow('Another server reads')
  })

  test('a stream that is not there is said so in the words of Lambda', async () => {
    const arn = 'arn:aws:kinesis:us-east-1:123456789012:stream/none'
    const source = await open({ sourceArn: arn }, () => ({}))
    await expect(source.parts()).rejects.toThrow(`Stream not found: ${arn}`)
  })
})
