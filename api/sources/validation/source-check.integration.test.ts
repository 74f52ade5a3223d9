import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { startControlPlane } from '../../routes/testing/control-plane.ts'
import { openEntryStream } from '../../store/redis/streams/entry-stream.ts'
import { describeWithRedis, startRedis, type RunningRedis } from '../../store/redis/testing/redis-server.ts'
import { MissingEndpoint } from '../../aws/endpoint.ts'
import { AwsRefusal } from '../../aws/services.ts'
import { createSourceCheck } from './source-check.ts'
import { describeWithMoto, startMoto, type Moto } from '../testing/moto.ts'
import { unusedServices } from '../testing/samples.ts'

const account = 'us-east-1:123456789012'
const position = { StartingPosition: 'LATEST' }

/** Creates a mapping of the source; returns its state or its error. */
async function create(EventSourceArn: string, parts: Partial<Parameters<typeof createSourceCheck>[0]>) {
  const services = { ...unusedServices, call: () => Promise.reject(new TypeError('fetch failed')) }
  const none = async () => undefined
  const sourceCheck = createSourceCheck({ services, openEntryStream: none, missingEndpoint: () => undefined, ...parts })
  const server = startControlPlane({ sourceCheck })
  await server.create('f')
  const start = EventSourceArn.includes(':sqs:') ? {} : position
  const input = { FunctionName: 'f', EventSourceArn, ...start }
  try {
    return (await server.call('CreateEventSourceMapping', input))['State'] as string
  } catch (error) {
    return String(error)
  }
}

describeWithMoto('a new mapping whose service is reachable', () => {
  let moto: Moto
  beforeAll(async () => {
    moto = await startMoto()
  }, 60_000)
  afterAll(() => moto.close())

  test('of a source that exists is created', async () => {
    const name = randomUUID()
    await moto.ask('sqs', 'AmazonSQS.CreateQueue', { QueueName: name })
    await moto.ask('kinesis', 'Kinesis_20131202.CreateStream', { StreamName: name, ShardCount: 1 })
    const { TableDescription } = await moto.ask<{ TableDescription: { LatestStreamArn: string } }>(
      'dynamodb',
      'DynamoDB_20120810.CreateTable',
      {
        TableName: name,
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
        BillingMode: 'PAY_PER_REQUEST',
        StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_IMAGE' },
      },
    )
    const arns = [`arn:aws:sqs:${account}:${name}`, `arn:aws:kinesis:${account}:stream/${name}`]
    for (const arn of [...arns, TableDescription.LatestStreamArn]) expect(await create(arn, moto)).toBe('Creating')
  })

  test('of a consumer of a stream is created if the consumer exists', async () => {
    const name = randomUUID()
    const StreamARN = `arn:aws:kinesis:${account}:stream/${name}`
    await moto.ask('kinesis', 'Kinesis_20131202.CreateStream', { StreamName: name, ShardCount: 1 })
    const { Consumer } = await moto.ask<{ Consumer: { ConsumerARN: string } }>(
      'kinesis',
      'Kinesis_20131202.RegisterStreamConsumer',
      { StreamARN, ConsumerName: 'c' },
    )
    expect(await create(Consumer.ConsumerARN, moto)).toBe('Creating')
    const none = `${StreamARN}/consumer/none:1`
    expect(await create(none, moto)).toBe(`InvalidParameterValueException: Stream not found: ${none}`)
  })

  test('of a queue whose visibility timeout is shorter than the function timeout is refused', async () => {
    const hidden = async (VisibilityTimeout: string) => {
      const name = randomUUID()
      await moto.ask('sqs', 'AmazonSQS.CreateQueue', { QueueName: name, Attributes: { VisibilityTimeout } })
      return create(`arn:aws:sqs:${account}:${name}`, moto)
    }
    expect(await hidden('3')).toBe('Creating')
    expect(await hidden('2')).toBe(
      'InvalidParameterValueException: Queue visibility timeout: 2 seconds is less than Function timeout: 3 seconds',
    )
  })

  test.each([
    [
      `arn:aws:sqs:${account}:none`,
      'Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. ' +
        'SQS Error Message: The specified queue does not exist.',
    ],
    [`arn:aws:kinesis:${account}:stream/none`, `Stream not found: arn:aws:kinesis:${account}:stream/none`],
    [
      `arn:aws:dynamodb:${account}:table/none/stream/2026-01-01T00:00:00.000`,
      `Stream not found: arn:aws:dynamodb:${account}:table/none/stream/2026-01-01T00:00:00.000`,
    ],
  ])('of %s, which does not exist, is refused', async (arn, message) => {
    expect(await create(arn, moto)).toBe(`InvalidParameterValueException: ${message}`)
  })
})

test('a new mapping of a queue without permission is refused with the error of the service', async () => {
  const services = {
    ...unusedServices,
    call: () => Promise.reject(new AwsRefusal('AccessDeniedException', 'Access to the resource is denied.', 403)),
  }
  expect(await create(`arn:aws:sqs:${account}:q`, { services })).toBe(
    'InvalidParameterValueException: Error occurred while ReceiveMessage. SQS Error Code: AccessDenied. ' +
      'SQS Error Message: Access to the resource is denied.',
  )
})

test('a new mapping of a source that is unreachable, or that is not polled, is created', async () => {
  for (const arn of [`arn:aws:sqs:${account}:q`, `arn:aws:kinesis:${account}:stream/s`]) {
    expect(await create(arn, {})).toBe('Creating')
    const services = {
      ...unusedServices,
      call: () => Promise.reject(new AwsRefusal('ResourceNotFoundException', '', 400)),
    }
    expect(await create(arn, { services, missingEndpoint: () => new MissingEndpoint('sqs') })).toBe('Creating')
  }
})

describeWithRedis('a new mapping of a Redis stream', () => {
  let redis: RunningRedis
  beforeAll(async () => {
    redis = await startRedis()
  })
  afterAll(() => redis.stop())

  test('is created if its server is configured and its key is a stream or does not exist', async () => {
    redis.cli('SET', 'text', 'x')
    const parts: Partial<Parameters<typeof createSourceCheck>[0]> = {
      openEntryStream: async (server, key, group) =>
        server === 'main' ? openEntryStream({ url: redis.url, key, group }) : undefined,
    }
    const arn = (path: string) => `arn:aws:elasticache:${account}:stream/${path}`
    const refused = (path: string) => `InvalidParameterValueException: Stream not found: ${arn(path)}`
    expect(await create(arn('main/new'), parts)).toBe('Creating')
    expect(await create(arn('main/text'), parts)).toBe(refused('main/text'))
    expect(await create(arn('other/new'), parts)).toBe(refused('other/new'))
  })
})
