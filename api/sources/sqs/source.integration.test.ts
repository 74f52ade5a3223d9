import { createHash, randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals'
import { advanceLineage } from '../../invoke/lineage.ts'
import type { PollSettings } from '../mappings/poll-settings.ts'
import type { BatchRun } from '../polling/batch-run.ts'
import { createSqsSource } from './source.ts'
import { SourceFault } from '../polling/source.ts'
import { eventually } from '../testing/eventually.ts'
import { describeWithMoto, startMoto, type Moto } from '../testing/moto.ts'
import { aMapping, fakeFunction, sourceParts, type Answer } from '../testing/samples.ts'

interface SqsEvent {
  Records: { messageId: string; body: string; receiptHandle: string; attributes: Record<string, string> }[]
}

interface Attributes {
  ApproximateNumberOfMessages: string
  ApproximateNumberOfMessagesNotVisible: string
}

describeWithMoto('a queue as event source', () => {
  let moto: Moto
  let ending = new AbortController()
  let polling: Promise<void> = Promise.resolve()
  beforeAll(async () => {
    moto = await startMoto()
  }, 60_000)
  afterAll(() => moto.close())
  afterEach(async () => {
    ending.abort()
    await polling
  })

  const ask = <Result>(action: string, input: object) => moto.ask<Result>('sqs', `AmazonSQS.${action}`, input)
  const newQueue = async (isFifo = false) => {
    const name = `${randomUUID()}${isFifo ? '.fifo' : ''}`
    const attributes = isFifo ? { FifoQueue: 'true', ContentBasedDeduplication: 'true' } : {}
    const { QueueUrl } = await ask<{ QueueUrl: string }>('CreateQueue', { QueueName: name, Attributes: attributes })
    return { url: QueueUrl, arn: `arn:aws:sqs:us-east-1:123456789012:${name}` }
  }
  const send = (url: string, body: string, members: object = {}) =>
    ask<{ MessageId: string }>('SendMessage', { QueueUrl: url, MessageBody: body, ...members })
  const left = async (url: string) => {
    const { Attributes } = await ask<{ Attributes: Attributes }>('GetQueueAttributes', {
      QueueUrl: url,
      AttributeNames: ['All'],
    })
    return Number(Attributes.ApproximateNumberOfMessages) + Number(Attributes.ApproximateNumberOfMessagesNotVisible)
  }
  const poll = (settings: Partial<PollSettings>, respond?: (event: SqsEvent) => Answer | Promise<Answer>) => {
    ending = new AbortController()
    const source = createSqsSource(sourceParts(moto.services, settings, fakeFunction(respond)), 1)
    polling = source.poll('queue', { name: 'queue', fence: 1 }, ending.signal)
    polling.catch(() => undefined)
  }

  test('a message is an event in the shape that Lambda gives it, and is removed when it was run', async () => {
    const { url, arn } = await newQueue()
    const given = { DataType: 'String', StringValue: 'v' }
    const { MessageId } = await send(url, '{"a": 1}', { MessageAttributes: { k: given } })
    const events: unknown[] = []
    poll({ sourceArn: arn }, (event) => {
      events.push(event)
      return {}
    })
    await eventually(async () => (await left(url)) === 0)
    expect(events).toEqual([
      {
        Records: [
          {
            messageId: MessageId,
            receiptHandle: expect.any(String),
            body: '{"a": 1}',
            attributes: {
              ApproximateReceiveCount: '1',
              SentTimestamp: expect.stringMatching(/^\d{13}$/),
              SenderId: expect.any(String),
              ApproximateFirstReceiveTimestamp: expect.stringMatching(/^\d{13}$/),
            },
            messageAttributes: {
              k: { stringValue: 'v', stringListValues: [], binaryListValues: [], dataType: 'String' },
            },
            md5OfMessageAttributes: expect.stringMatching(/^[0-9a-f]{32}$/),
            md5OfBody: createHash('md5').update('{"a": 1}').digest('hex'),
            eventSource: 'aws:sqs',
            eventSourceARN: arn,
            awsRegion: 'us-east-1',
          },
        ],
      },
    ])
  })

  test('messages of a batch that failed stay hidden, and come back with a higher count', async () => {
    const { url, arn } = await newQueue()
    await send(url, 'm')
    const seen: { count: string | undefined; handle: string | undefined }[] = []
    poll({ sourceArn: arn }, ({ Records: [record] }) => {
      seen.push({ count: record?.attributes['ApproximateReceiveCount'], handle: record?.receiptHandle })
      return seen.length === 1 ? { functionError: 'Unhandled' } : {}
    })
    await eventually(() => seen.length === 1)
    expect(await left(url)).toBe(1)
    await ask('ChangeMessageVisibility', { QueueUrl: url, ReceiptHandle: seen[0]?.handle, VisibilityTimeout: 0 })
    await eventually(async () => (await left(url)) === 0)
    expect(seen.map(({ count }) => count)).toEqual(['1', '2'])
  })

  test('messages that a loop of calls led to stay in the queue, and the others are run', async () => {
    const { url, arn } = await newQueue()
    const { functionArn } = aMapping()
    let trace = 'Root=1-5759e988-bd862e3fe1be46a994272793'
    for (let call = 0; call < 16; call++) trace = advanceLineage(trace, functionArn).header
    for (const body of ['plain', 'loop', 'after']) {
      const traced = { MessageSystemAttributes: { AWSTraceHeader: { DataType: 'String', StringValue: trace } } }
      await send(url, body, body === 'loop' ? traced : {})
    }
    const calls: unknown[] = []
    const run = async (event: object, header?: string): Promise<BatchRun> => {
      const bodies = (event as SqsEvent).Records.map(({ body }) => body)
      calls.push([bodies.join(), header])
      if (header === undefined)
        return { kind: 'ran', requestId: 'r', payload: Buffer.from('null'), executedVersion: '$LATEST' }
      return { kind: 'refused', requestId: 'r', reason: 'A loop.', isLoop: true }
    }
    const parts = sourceParts(
      moto.services,
      { sourceArn: arn },
      Object.assign(run, { target: async () => ({ timeoutSeconds: 3, roleArn: '' }) }),
    )
    ending = new AbortController()
    polling = createSqsSource(parts, 1).poll('queue', { name: 'queue', fence: 1 }, ending.signal)
    await eventually(async () => (await left(url)) === 1)
    expect(calls).toEqual([
      ['plain', undefined],
      ['loop', trace],
      ['after', undefined],
    ])
  })

  test('messages stay hidden for as long as the queue says, or as their batch may take', async () => {
    const { arn } = await newQueue()
    const asked: unknown[] = []
    const services = {
      ...moto.services,
      call: (call: Parameters<Moto['services']['call']>[0]) => {
        if (!('path' in call) && call.target.endsWith('ReceiveMessage'))
          asked.push((call.input as { VisibilityTimeout: number }).VisibilityTimeout)
        return moto.services.call(call)
      },
    }
    ending = new AbortController()
    const settings = { sourceArn: arn, batchingWindowSeconds: 7 }
    polling = createSqsSource(sourceParts(services, settings, fakeFunction()), 1).poll(
      'queue',
      { name: 'queue', fence: 1 },
      ending.signal,
    )
    await eventually(() => asked.length > 0)
    expect(asked[0]).toBe(7 + 3 + 30)
  })

  test('of a batch with reported failures the others are removed', async () => {
    const { url, arn } = await newQueue()
    const entries = ['a', 'b', 'c'].map((id) => ({ Id: id, MessageBody: id }))
    await ask('SendMessageBatch', { QueueUrl: url, Entries: entries })
    let failed = 0
    poll({ sourceArn: arn, reportsItemFailures: true }, ({ Records }) => {
      const bad = Records.filter(({ body }) => body === 'b')
      failed += bad.length
      return {
        payload: {
          batchItemFailures: bad.map(({ messageId }) => ({ itemIdentifier: messageId })),
        },
      }
    })
    await eventually(async () => failed === 1 && (await left(url)) === 1)
  })

  test.each([
    ['an item that is not of the batch', { batchItemFailures: [{ itemIdentifier: 'unknown' }] }],
    ['an item without its key', { batchItemFailures: [{ id: 'a' }] }],
  ])('%s fails the batch', async (_name, payload) => {
    const { url, arn } = await newQueue()
    await send(url, 'm')
    let runs = 0
    poll({ sourceArn: arn, reportsItemFailures: true }, () => {
      runs++
      return { payload }
    })
    await eventually(() => runs === 1)
    ending.abort()
    await polling
    expect(await left(url)).toBe(1)
  })

  test("the function's response does not matter without ReportBatchItemFailures", async () => {
    const { url, arn } = await newQueue()
    await send(url, 'm')
    poll({ sourceArn: arn }, () => ({ payload: { batchItemFailures: [{ itemIdentifier: '' }] } }))
    await eventually(async () => (await left(url)) === 0)
  })

  test('messages that no filter wants are removed and not run', async () => {
    const { url, arn } = await newQueue()
    await send(url, '{"kind":"no"}')
    await send(url, 'no JSON')
    await send(url, '{"kind":"yes"}')
    const bodies: string[] = []
    poll({ sourceArn: arn, filters: ['{"body":{"kind":["yes"]}}'] }, ({ Records }) => {
      bodies.push(...Records.map(({ body }) => body))
      return {}
    })
    await eventually(async () => (await left(url)) === 0)
    expect(bodies).toEqual(['{"kind":"yes"}'])
  })

  test('a batch of more than ten is filled until the batching window ends', async () => {
    const { url, arn } = await newQueue()
    for (let call = 0; call < 3; call++) {
      const entries = Array.from({ length: 10 }, (_, id) => ({ Id: String(id), MessageBody: `${call}-${id}` }))
      await ask('SendMessageBatch', { QueueUrl: url, Entries: entries })
    }
    const sizes: number[] = []
    poll({ sourceArn: arn, batchSize: 25, batchingWindowSeconds: 2, maximumConcurrency: 1 }, ({ Records }) => {
      sizes.push(Records.length)
      return {}
    })
    await eventually(async () => (await left(url)) === 0)
    expect(sizes).toEqual([25, 5])
  })

  test('no more batches run at once than the maximum concurrency', async () => {
    const { url, arn } = await newQueue()
    for (let id = 0; id < 12; id++) await send(url, String(id))
    let [running, most] = [0, 0]
    const two = Promise.withResolvers<undefined>()
    poll({ sourceArn: arn, batchSize: 1, maximumConcurrency: 2 }, async () => {
      most = Math.max(most, ++running)
      if (running === 2) two.resolve(undefined)
      await two.promise
      await left(url)
      running--
      return {}
    })
    await eventually(async () => (await left(url)) === 0)
    expect(most).toBe(2)
  })

  test('of a FIFO queue each group is run in order, one batch at a time', async () => {
    const { url, arn } = await newQueue(true)
    const groups = ['a', 'b', 'c']
    for (let index = 0; index < 12; index++) {
      for (const group of groups) await send(url, `${group}${index}`, { MessageGroupId: group })
    }
    const seen: Record<string, number[]> = { a: [], b: [], c: [] }
    const inFlight = new Set<string>()
    const together: string[] = []
    poll({ sourceArn: arn, batchSize: 3 }, async ({ Records }) => {
      const names = new Set<string>(Records.map(({ attributes }) => attributes['MessageGroupId'] ?? ''))
      together.push(...[...names].filter((name) => inFlight.has(name)))
      names.forEach((name) => inFlight.add(name))
      await left(url)
      for (const { body } of Records) seen[body[0] ?? '']?.push(Number(body.slice(1)))
      names.forEach((name) => inFlight.delete(name))
      return {}
    })
    await eventually(async () => (await left(url)) === 0)
    const inOrder = Array.from({ length: 12 }, (_, index) => index)
    expect(seen).toEqual({ a: inOrder, b: inOrder, c: inOrder })
    expect(together).toEqual([])
  })

  test('a queue that is not there is said so in the words of Lambda', async () => {
    poll({ sourceArn: 'arn:aws:sqs:us-east-1:123456789012:none' })
    const fault = await polling.catch((error: unknown) => error)
    polling = Promise.resolve()
    expect(fault).toBeInstanceOf(SourceFault)
    expect((fault as Error).message).toBe(
      'Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. ' +
        'SQS Error Message: The specified queue does not exist.',
    )
  })
})
