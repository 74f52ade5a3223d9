import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals'
import {
  EventBridgeClient,
  PutRuleCommand,
  PutTargetsCommand,
  CreateEventBusCommand,
} from '@aws-sdk/client-eventbridge'
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import { CreateTopicCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns'
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient, type Message } from '@aws-sdk/client-sqs'
import { openEmbeddedStore, type EmbeddedStore } from '../../store/embedded/embedded-store.ts'
import type { RunAnswer } from './attempt.ts'
import { createCounters } from './event-counters.ts'
import { createDeliver } from '../destinations/deliver.ts'
import { createDispatcher, type Dispatcher } from '../dispatching/dispatcher.ts'
import type { EventQueue } from '../queue/event-queue.ts'
import type { EventSettings } from './event-settings.ts'
import { describeWithMoto, motoAccount, startMoto, type Moto } from '../testing/moto.ts'
import { anEvent, defaultSettings } from '../testing/samples.ts'

const region = 'us-east-1'
const id = '7b1a2c34-0000-4000-8000-000000000001'
const failure = '{"errorMessage":"it fails","errorType":"Error","trace":[]}'
const failed: RunAnswer = { payload: Buffer.from(failure), functionError: 'Unhandled', executedVersion: '$LATEST' }
const succeeded: RunAnswer = { payload: Buffer.from('{"big":12345678901234567890}'), executedVersion: '$LATEST' }
const functionArn = `arn:aws:lambda:${region}:${motoAccount}:function:f`

describeWithMoto('the outcome of an event is delivered', () => {
  let moto: Moto
  let sqs: SQSClient
  const clientSettings = () => ({ endpoint: moto.endpoint, region })
  beforeAll(async () => {
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' })
    moto = await startMoto()
    sqs = new SQSClient(clientSettings())
  }, 90_000)
  afterAll(async () => {
    sqs.destroy()
    await moto.stop()
  })

  let folder: string
  let store: EmbeddedStore
  let dispatcher: Dispatcher
  let aheadMs: number
  let runs: number
  let count = 0
  const counters = createCounters()
  const now = () => Date.now() + aheadMs
  const withoutWaits = (queue: EventQueue): EventQueue => ({
    ...queue,
    putBack: async (event, dueMs, step) => {
      await queue.putBack(event, dueMs, step)
      aheadMs += Math.max(0, dueMs - now())
    },
  })
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'delivery-'))
    ;[aheadMs, runs, count] = [0, 0, count + 1]
  })
  afterEach(async () => {
    await dispatcher.close(10_000)
    await store.close()
    rmSync(folder, { recursive: true })
  })

  const start = (
    answer: RunAnswer,
    settings: Partial<EventSettings>,
    change: (queue: EventQueue) => void = () => {},
  ) => {
    store = openEmbeddedStore(folder)
    const queue = withoutWaits(store.events)
    change(queue)
    const settingsOf = (name: string) =>
      Promise.resolve(name === 'f' ? { ...defaultSettings, maxRetries: 0, ...settings } : defaultSettings)
    const { endpoint } = moto
    const parts = { region, accountId: motoAccount, settingsOf, now }
    const accept = (event: Parameters<Dispatcher['accept']>[0]) => dispatcher.accept(event)
    dispatcher = createDispatcher({
      queue,
      run: ({ functionName }) => Promise.resolve(functionName === 'f' ? answer : succeeded).finally(() => runs++),
      settingsOf,
      deliver: createDeliver({ sqs: endpoint, sns: endpoint, events: endpoint, s3: endpoint }, { ...parts, accept }),
      counters,
      retryDelayMs: 60_000,
      maxFailedEvents: 10,
      log: { warn: () => undefined, error: () => undefined },
      concurrency: 10,
      now,
    })
    dispatcher.start()
  }
  const send = (changes = {}) =>
    dispatcher.accept(anEvent('f', id, { functionArn, payload: Buffer.from('{"n":1}'), acceptedMs: now(), ...changes }))
  const newQueue = async (name = `queue-${String(count)}`) => {
    await sqs.send(new CreateQueueCommand({ QueueName: name }))
    return `arn:aws:sqs:${region}:${motoAccount}:${name}`
  }
  const receive = async (name = `queue-${String(count)}`): Promise<Message> => {
    const QueueUrl = `${moto.endpoint}/${motoAccount}/${name}`
    const ask = { QueueUrl, MessageAttributeNames: ['All'], WaitTimeSeconds: 1 }
    for (const deadline = Date.now() + 20_000; Date.now() < deadline;) {
      const { Messages = [] } = await sqs.send(new ReceiveMessageCommand(ask))
      if (Messages[0] !== undefined) return Messages[0]
    }
    throw new Error('no message arrived')
  }
  const left = async () => {
    const found = await store.failedEvents.find(id)
    return found && { state: found.state, outcome: found.progress?.outcome }
  }
  const until = async (condition: () => boolean | Promise<boolean>) => {
    const deadline = Date.now() + 20_000
    while (!(await condition())) {
      if (Date.now() > deadline) throw new Error('waited in vain')
      await wait(5)
    }
  }
  const untilGone = () => until(async () => (await left()) === undefined)
  const recordOf = (condition: string, response: object, approximateInvokeCount = 1) => ({
    version: '1.0',
    timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as unknown,
    requestContext: { requestId: id, functionArn: `${functionArn}:$LATEST`, condition, approximateInvokeCount },
    requestPayload: { n: 1 },
    ...response,
  })
  const failedResponse = {
    responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
    responsePayload: JSON.parse(failure) as object,
  }

  test('to a queue, with AWS’s record, members in its order, numbers as they came', async () => {
    start(succeeded, { onSuccess: await newQueue() })
    await send()
    const { Body = '' } = await receive()
    expect(Body).toContain('"responsePayload":{"big":12345678901234567890}}')
    expect(JSON.parse(Body)).toMatchObject(
      recordOf('Success', { responseContext: { statusCode: 200, executedVersion: '$LATEST' } }),
    )
    expect(Object.keys(JSON.parse(Body) as object)).toEqual([
      'version',
      'timestamp',
      'requestContext',
      'requestPayload',
      'responseContext',
      'responsePayload',
    ])
    await untilGone()
  })

  test('to a queue after all retries', async () => {
    start(failed, { onFailure: await newQueue(), maxRetries: 2 })
    await send()
    expect(JSON.parse((await receive()).Body ?? '')).toEqual(recordOf('RetriesExhausted', failedResponse, 3))
    await untilGone()
  })

  test('without a response when the function never ran', async () => {
    start(failed, { onFailure: await newQueue(), isSwitchedOff: true })
    await send()
    expect(JSON.parse((await receive()).Body ?? '')).toEqual(recordOf('ZeroReservedConcurrency', {}, 0))
    expect(runs).toBe(0)
  })

  test('to a topic, as the message', async () => {
    const queueArn = await newQueue()
    const sns = new SNSClient(clientSettings())
    const { TopicArn = '' } = await sns.send(new CreateTopicCommand({ Name: 'topic' }))
    await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint: queueArn }))
    start(failed, { onFailure: TopicArn })
    await send()
    const { Message: message = '' } = JSON.parse((await receive()).Body ?? '') as { Message?: string }
    expect(JSON.parse(message)).toEqual(recordOf('RetriesExhausted', failedResponse))
    sns.destroy()
  })

  test('to an event bus, in its envelope', async () => {
    const queueArn = await newQueue()
    const events = new EventBridgeClient(clientSettings())
    const { EventBusArn = '' } = await events.send(new CreateEventBusCommand({ Name: 'bus' }))
    const rule = { EventBusName: 'bus', Rule: 'all' }
    await events.send(new PutRuleCommand({ Name: 'all', EventBusName: 'bus', EventPattern: '{"source":["lambda"]}' }))
    await events.send(new PutTargetsCommand({ ...rule, Targets: [{ Id: 'queue', Arn: queueArn }] }))
    start(failed, { onFailure: EventBusArn })
    await send()
    expect(JSON.parse((await receive()).Body ?? '')).toMatchObject({
      source: 'lambda',
      'detail-type': 'Lambda Function Invocation Result - Failure',
      resources: [EventBusArn, `${functionArn}:$LATEST`],
      detail: recordOf('RetriesExhausted', failedResponse),
    })
    events.destroy()
  })

  test('to a bucket, under AWS’s key', async () => {
    const s3 = new S3Client({ ...clientSettings(), forcePathStyle: true })
    await s3.send(new CreateBucketCommand({ Bucket: 'records' }))
    start(failed, { onFailure: 'arn:aws:s3:::records' })
    await send()
    await untilGone()
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: 'records' }))
    const [key = ''] = Contents.map(({ Key }) => Key)
    expect(key).toMatch(
      /^aws\/lambda\/async\/f\/\d{4}\/\d\d\/\d\d\/\d{4}-\d\d-\d\dT\d\d\.\d\d\.\d\d-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
    )
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'records', Key: key }))
    expect(JSON.parse((await Body?.transformToString()) ?? '')).toEqual(recordOf('RetriesExhausted', failedResponse))
    s3.destroy()
  })

  test('to another function, which gets the record as its event', async () => {
    const accepted: string[] = []
    start(succeeded, { onSuccess: `arn:aws:lambda:${region}:${motoAccount}:function:g` }, (queue) => {
      const add = queue.add.bind(queue)
      queue.add = (event) => {
        accepted.push(`${event.functionName} ${Buffer.from(event.payload).toString()}`)
        return add(event)
      }
    })
    await send()
    await untilGone()
    expect(accepted[1]).toMatch(/^g \{"version":"1.0".*"condition":"Success"/)
  })

  test('as a dead letter, with the event itself and why it failed in attributes, and to the destination too', async () => {
    const [deadLetterTargetArn, onFailure] = [await newQueue(), await newQueue('both')]
    start(failed, { deadLetterTargetArn, onFailure })
    await send()
    const letter = await receive()
    expect(letter.Body).toBe('{"n":1}')
    expect(letter.MessageAttributes).toMatchObject({
      RequestID: { DataType: 'String', StringValue: id },
      ErrorCode: { DataType: 'Number', StringValue: '200' },
      ErrorMessage: { DataType: 'String', StringValue: 'it fails' },
    })
    expect(JSON.parse((await receive('both')).Body ?? '')).toMatchObject(recordOf('RetriesExhausted', failedResponse))
    await untilGone()
  })

  test('later, when the queue does not exist yet, without running the function again', async () => {
    const later = `arn:aws:sqs:${region}:${motoAccount}:later`
    start(failed, { onFailure: later })
    await send()
    await until(() => counters.of('f').destinationDeliveryFailures >= 2)
    await newQueue('later')
    expect(JSON.parse((await receive('later')).Body ?? '')).toMatchObject({ requestPayload: { n: 1 } })
    await untilGone()
    expect(runs).toBe(1)
  })

  test('by the next process, when this one dies between the run and the delivery', async () => {
    const onSuccess = await newQueue()
    const stuck = { isSo: false }
    start(succeeded, { onSuccess }, (queue) => {
      const note = queue.note.bind(queue)
      queue.note = async (...args) => {
        await note(...args)
        stuck.isSo = true
        await new Promise(() => undefined)
      }
    })
    await send()
    await until(() => stuck.isSo)
    await dispatcher.close(0)
    await store.close()
    start(succeeded, { onSuccess })
    expect(JSON.parse((await receive()).Body ?? '')).toMatchObject({ requestContext: { requestId: id } })
    await untilGone()
    expect(runs).toBe(1)
  })

  test('not to a target that this server cannot reach: the event is kept as failed', async () => {
    start(failed, { onFailure: 'arn:aws:lambda:eu-west-1:123456789012:function:g' })
    await send()
    await until(async () => (await left())?.state === 'failed')
    expect((await left())?.outcome?.pending).toEqual({
      destination: 'arn:aws:lambda:eu-west-1:123456789012:function:g',
    })
  })
})
