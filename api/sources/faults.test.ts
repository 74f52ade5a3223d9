import { randomUUID } from 'node:crypto'
import {
  CreateEventSourceMappingCommand,
  GetEventSourceMappingCommand,
  type CreateEventSourceMappingCommandInput,
} from '@aws-sdk/client-lambda'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals'
import {
  createRecording,
  faultSize,
  killFunction,
  startRecorder,
  tell,
  until,
  type Recorder,
} from '../faults.harness.ts'
import { startOneServer, startThreeServers, type Fleet } from '../fleet.harness.ts'
import { describeWithRedis } from '../store/redis/testing/redis-server.ts'
import { describeWithMoto, startMoto, type Moto } from './testing/moto.ts'
import { startQueueProxy, type QueueProxy } from './testing/queue-proxy.ts'

/** Messages of the queue, and records of the stream. */
const size = faultSize(150)
/** Messages of the FIFO queue. They come one by one: moto hands out several of a group out of order when they come back. */
const fifoSize = Math.min(size, 3_000)
const perCall = 10
const perKill = Math.min(2_000, size / 3)
const mostBehind = 600
const [hiddenSeconds, groups] = [5, ['a', 'b', 'c']]

const code = {
  queue: 'exports.handler = async ({ Records }) => { for (const { body } of Records) await record(body) }',
  stream: `exports.handler = async ({ Records }) => {
    for (const { kinesis } of Records) await record(Buffer.from(kinesis.data, 'base64').toString())
  }`,
}

describeWithMoto('messages and records, while servers are killed', () => {
  let moto: Moto
  let queues: QueueProxy
  let recorder: Recorder
  let fleet: Fleet
  beforeAll(async () => {
    moto = await startMoto()
    queues = await startQueueProxy(moto.address, hiddenSeconds)
  }, 60_000)
  afterAll(async () => {
    queues.close()
    await moto.close()
  })
  beforeEach(async () => {
    recorder = await startRecorder()
  })
  afterEach(async () => {
    await fleet.close()
    recorder.close()
  })

  const settings = () => ({
    KUBELAMBDA_SQS_ENDPOINT: queues.address,
    KUBELAMBDA_KINESIS_ENDPOINT: moto.address,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  })
  const sqs = <Result>(action: string, input: object) => moto.ask<Result>('sqs', `AmazonSQS.${action}`, input)
  const kinesis = <Result>(action: string, input: object) =>
    moto.ask<Result>('kinesis', `Kinesis_20131202.${action}`, input)
  const newQueue = async (name: string, Attributes = {}) =>
    (await sqs<{ QueueUrl: string }>('CreateQueue', { QueueName: name, Attributes })).QueueUrl

  /** A function of the kind, mapped to the source, and polled. */
  const map = async (
    kind: 'queue' | 'stream',
    arn: string,
    more: Partial<CreateEventSourceMappingCommandInput> = {},
  ) => {
    const FunctionName = randomUUID()
    await createRecording(fleet.client(), { FunctionName, code: code[kind], recorder })
    const command = new CreateEventSourceMappingCommand({ FunctionName, EventSourceArn: arn, ...more })
    const { UUID } = await fleet.client().send(command)
    await until('the mapping is enabled', async () => {
      return (await fleet.client().send(new GetEventSourceMappingCommand({ UUID }))).State === 'Enabled'
    })
  }

  const sendMessages = (QueueUrl: string, numbers: readonly number[], of: (number: number) => object) =>
    sqs('SendMessageBatch', { QueueUrl, Entries: numbers.map((number) => ({ Id: String(number), ...of(number) })) })
  const groupOf = (number: number) => groups[number % groups.length] ?? ''
  const sendInGroups = async (url: string, all: readonly number[]) => {
    const numbers = all.filter((number) => number < fifoSize)
    const of = (number: number) => ({ MessageBody: inGroup(number), MessageGroupId: groupOf(number) })
    if (numbers.length > 0) await sendMessages(url, numbers, of)
  }
  const inGroup = (number: number) => `${groupOf(number)} ${String(number)}`
  let shards: Record<string, string[]>
  beforeEach(() => {
    shards = {}
  })
  const sendRecords = async (StreamName: string, numbers: readonly number[]) => {
    const Records = numbers.map((number) => ({
      Data: Buffer.from(`record ${String(number)}`).toString('base64'),
      PartitionKey: groupOf(number),
    }))
    const sent = await kinesis<{ Records: { ShardId: string }[] }>('PutRecords', { StreamName, Records })
    sent.Records.forEach(({ ShardId }, at) => (shards[ShardId] ??= []).push(`record ${String(numbers[at])}`))
  }

  async function expectAllInOrder(): Promise<void> {
    const [queue, fifoQueue, stream] = [randomUUID(), `${randomUUID()}.fifo`, randomUUID()]
    const url = await newQueue(queue)
    const fifoUrl = await newQueue(fifoQueue, { FifoQueue: 'true', ContentBasedDeduplication: 'true' })
    await kinesis('CreateStream', { StreamName: stream, ShardCount: 2 })
    await map('queue', `arn:aws:sqs:us-east-1:123456789012:${queue}`)
    await map('queue', `arn:aws:sqs:us-east-1:123456789012:${fifoQueue}`, { BatchSize: 1 })
    const streamArn = `arn:aws:kinesis:us-east-1:123456789012:stream/${stream}`
    await map('stream', streamArn, { StartingPosition: 'TRIM_HORIZON', BatchSize: 50 })

    const startedMs = Date.now()
    let last = 0
    const sent = () => 2 * last + Math.min(last, fifoSize)
    for (let from = 0, round = 0; from < size; from += perCall) {
      const numbers = Array.from({ length: Math.min(perCall, size - from) }, (_, at) => from + at)
      // Moto looks through all that waits for each that it hands out.
      await until('some have run', () => recorder.times.size > sent() - mostBehind, 600_000)
      await sendMessages(url, numbers, (number) => ({ MessageBody: `message ${String(number)}` }))
      await sendInGroups(fifoUrl, numbers)
      await sendRecords(stream, numbers)
      last = from + numbers.length
      if (from + perCall < (round + 1) * perKill || from + perCall >= size) continue
      killFunction(recorder, 'function')
      await fleet.kill(round++)
    }
    const missing = () => everyLine().filter((line) => !recorder.times.has(line))
    await until('all have run', () => missing().length === 0, 600_000)
    await until('the queues are empty', async () => (await inQueue(url)) + (await inQueue(fifoUrl)) === 0)
    const twice = everyLine().filter((line) => (recorder.times.get(line) ?? 0) > 1).length
    const seconds = ((Date.now() - startedMs) / 1000).toFixed(1)
    tell(`${String(size)} messages, FIFO messages and records: none lost, ${String(twice)} ran twice, ${seconds} s`)
    for (const group of groups) expectInOrder(everyLine().filter((line) => line.startsWith(`${group} `)))
    for (const lines of Object.values(shards)) expectInOrder(lines)
    await fleet.end()
    expect(fleet.left()).toEqual([])
  }

  const numbered = (count: number, line: (number: number) => string) =>
    Array.from({ length: count }, (_, number) => line(number))
  const everyLine = () => [
    ...numbered(size, (number) => `message ${String(number)}`),
    ...numbered(fifoSize, inGroup),
    ...Object.values(shards).flat(),
  ]
  /** As far as the first run of each is concerned. */
  const expectInOrder = (lines: readonly string[]) => {
    const wanted = new Set(lines)
    expect([...recorder.times.keys()].filter((line) => wanted.has(line))).toEqual(lines)
  }
  const inQueue = async (QueueUrl: string) => {
    const { Attributes = {} } = await sqs<{ Attributes?: Record<string, string> }>('GetQueueAttributes', {
      QueueUrl,
      AttributeNames: ['All'],
    })
    return (
      Number(Attributes['ApproximateNumberOfMessages']) + Number(Attributes['ApproximateNumberOfMessagesNotVisible'])
    )
  }

  test('all run, in the order of their group and shard, with one server', async () => {
    fleet = await startOneServer(settings())
    await expectAllInOrder()
  }, 900_000)

  describeWithRedis('and Redis', () => {
    test('all run, in the order of their group and shard, with three servers', async () => {
      fleet = await startThreeServers(settings())
      await expectAllInOrder()
    }, 900_000)
  })
})
