import { describe, expect, test } from '@jest/globals'
import { isFilterPattern } from '../../sources/filters/pattern.ts'
import { arn, startControlPlane, type ControlPlaneHarness } from '../testing/control-plane.ts'

const account = 'us-east-1:000000000000'
const queue = `arn:aws:sqs:${account}:q`
const stream = `arn:aws:kinesis:${account}:stream/s`
const table = `arn:aws:dynamodb:${account}:table/t/stream/2026-01-01T00:00:00.000`
const schedule = (expression: string) => `arn:aws:events:${account}:rule/r/${expression}`
const LATEST = { StartingPosition: 'LATEST' }
const kafka = {
  SelfManagedEventSource: { Endpoints: { KAFKA_BOOTSTRAP_SERVERS: ['kafka:1000', 'kafka:2000'] } },
  SourceAccessConfigurations: [{ Type: 'BASIC_AUTH', URI: 'arn:aws:secretsmanager:us-east-1:000000000000:secret:s' }],
  Topics: ['topic'],
}

async function withFunctions() {
  const server = startControlPlane()
  await server.create('f')
  await server.create('g')
  return server
}

const create = (server: ControlPlaneHarness, members: object) =>
  server.call('CreateEventSourceMapping', { FunctionName: 'f', EventSourceArn: queue, ...members })
const refusal = (server: ControlPlaneHarness, members: object) =>
  server.refusal('CreateEventSourceMapping', { FunctionName: 'f', EventSourceArn: queue, ...members })

describe('an event source mapping', () => {
  test('of a queue has the defaults of queues', async () => {
    const server = await withFunctions()
    const { UUID, ...created } = await create(server, {})
    const shown = {
      EventSourceMappingArn: `arn:aws:lambda:${account}:event-source-mapping:${String(UUID)}`,
      FunctionArn: `${arn}:f`,
      EventSourceArn: queue,
      BatchSize: 10,
      MaximumBatchingWindowInSeconds: 0,
      FunctionResponseTypes: [],
      LastModified: '2025-11-25T02:46:47.123Z',
      StateTransitionReason: 'USER_INITIATED',
    }
    expect(created).toEqual({ ...shown, State: 'Creating' })
    const got = await server.call('GetEventSourceMapping', { UUID })
    expect(got).toEqual({ UUID, ...shown, State: 'Enabled' })
  })

  test('of a stream shows all that streams have', async () => {
    const server = await withFunctions()
    const created = await create(server, { EventSourceArn: stream, ...LATEST, FunctionName: 'f:$LATEST' })
    expect(created).toMatchObject({
      ...LATEST,
      FunctionArn: `${arn}:f:$LATEST`,
      BatchSize: 100,
      MaximumBatchingWindowInSeconds: 0,
      FunctionResponseTypes: [],
      BisectBatchOnFunctionError: false,
      ParallelizationFactor: 1,
      MaximumRetryAttempts: -1,
      MaximumRecordAgeInSeconds: -1,
      TumblingWindowInSeconds: 0,
      DestinationConfig: { OnFailure: {} },
      LastProcessingResult: 'No records processed',
      StateTransitionReason: 'User action',
    })
  })

  test('of a self-managed Kafka cluster reads as a group named after it', async () => {
    const server = await withFunctions()
    const created = await create(server, { EventSourceArn: undefined, ...kafka })
    expect(created).toMatchObject({
      ...kafka,
      BatchSize: 100,
      StartingPosition: 'TRIM_HORIZON',
      SelfManagedKafkaEventSourceConfig: { ConsumerGroupId: created['UUID'] },
      LastProcessingResult: 'No records processed',
    })
    for (const absent of ['EventSourceArn', 'MaximumBatchingWindowInSeconds', 'FunctionResponseTypes']) {
      expect(created).not.toHaveProperty(absent)
    }
  })

  test('of a schedule shows its expression, and neither batches nor positions', async () => {
    const server = await withFunctions()
    const { UUID, ...created } = await create(server, { EventSourceArn: schedule('cron(0/5 9-17 ? * MON-FRI *)') })
    expect(created).toEqual({
      EventSourceMappingArn: `arn:aws:lambda:${account}:event-source-mapping:${String(UUID)}`,
      FunctionArn: `${arn}:f`,
      EventSourceArn: schedule('cron(0/5 9-17 ? * MON-FRI *)'),
      LastModified: '2025-11-25T02:46:47.123Z',
      LastProcessingResult: 'No records processed',
      State: 'Creating',
      StateTransitionReason: 'USER_INITIATED',
    })
  })

  test('of a Redis stream shows what streams have, and a batch size only when it is given', async () => {
    const server = await withFunctions()
    const of = (key: string) => ({ EventSourceArn: `arn:aws:elasticache:${account}:stream/main/${key}`, ...LATEST })
    const { UUID, ...created } = await create(server, of('orders:eu/1'))
    expect(created).toEqual({
      EventSourceMappingArn: `arn:aws:lambda:${account}:event-source-mapping:${String(UUID)}`,
      FunctionArn: `${arn}:f`,
      ...of('orders:eu/1'),
      MaximumBatchingWindowInSeconds: 0,
      FunctionResponseTypes: [],
      BisectBatchOnFunctionError: false,
      MaximumRetryAttempts: -1,
      MaximumRecordAgeInSeconds: -1,
      DestinationConfig: { OnFailure: {} },
      LastModified: '2025-11-25T02:46:47.123Z',
      LastProcessingResult: 'No records processed',
      State: 'Creating',
      StateTransitionReason: 'User action',
    })
    expect(await create(server, { ...of('other'), BatchSize: 7 })).toMatchObject({ BatchSize: 7 })
  })

  test('is enabled and disabled, and changes what is given', async () => {
    const server = await withFunctions()
    const created = await create(server, { Enabled: false, FilterCriteria: { Filters: [{ Pattern: '{"a":[1]}' }] } })
    expect(created).toMatchObject({ State: 'Disabled', FilterCriteria: { Filters: [{ Pattern: '{"a":[1]}' }] } })
    const { UUID } = created
    const update = (members: object) => server.call('UpdateEventSourceMapping', { UUID, ...members })
    expect(await update({ Enabled: true })).toMatchObject({ State: 'Enabling', BatchSize: 10 })
    const changed = await update({ BatchSize: 5, FunctionName: 'g', FilterCriteria: {} })
    expect(changed).toMatchObject({ State: 'Updating', BatchSize: 5, FunctionArn: `${arn}:g` })
    expect(changed).not.toHaveProperty('FilterCriteria')
    expect(await update({ Enabled: false })).toMatchObject({ State: 'Disabling' })
    expect(await server.call('GetEventSourceMapping', { UUID })).toMatchObject({ State: 'Disabled', BatchSize: 5 })
  })

  test('is deleted once, and its function may go before', async () => {
    const server = await withFunctions()
    const { UUID } = await create(server, {})
    await server.call('DeleteFunction', { FunctionName: 'f' })
    expect(await server.call('GetEventSourceMapping', { UUID })).toMatchObject({ State: 'Enabled' })
    expect(await server.call('DeleteEventSourceMapping', { UUID })).toMatchObject({ UUID, State: 'Deleting' })
    for (const operation of [
      'GetEventSourceMapping',
      'UpdateEventSourceMapping',
      'DeleteEventSourceMapping',
    ] as const) {
      const missing = { status: 404, message: 'The resource you requested does not exist.' }
      expect(await server.refusal(operation, { UUID })).toMatchObject(missing)
    }
  })

  test('is listed by source, by function, and by pages', async () => {
    const server = await withFunctions()
    const ids = [
      await create(server, {}),
      await create(server, { FunctionName: 'g' }),
      await create(server, { EventSourceArn: stream, ...LATEST }),
    ].map(({ UUID }) => String(UUID))
    const list = async (members: object) => {
      const { EventSourceMappings, NextMarker } = await server.call('ListEventSourceMappings', members)
      return { ids: (EventSourceMappings as { UUID: string }[]).map(({ UUID }) => UUID), marker: NextMarker as unknown }
    }
    expect((await list({})).ids.toSorted()).toEqual(ids.toSorted())
    expect((await list({ EventSourceArn: queue, FunctionName: 'g' })).ids).toEqual([ids[1]])
    expect((await list({ FunctionName: 'f:1' })).ids).toEqual([])
    const first = await list({ MaxItems: 2 })
    const rest = await list({ Marker: first.marker })
    expect([...first.ids, ...rest.ids].toSorted()).toEqual(ids.toSorted())
    expect(rest.marker).toBeUndefined()
  })

  test('has tags', async () => {
    const server = await withFunctions()
    const { EventSourceMappingArn: Resource } = await create(server, { Tags: { a: '1' } })
    await server.call('TagResource', { Resource, Tags: { b: '2' } })
    expect(await server.call('ListTags', { Resource })).toEqual({ Tags: { a: '1', b: '2' } })
  })

  test('created by concurrent requests exists once', async () => {
    const server = await withFunctions()
    const made = await Promise.allSettled([1, 2, 3, 4].map(() => create(server, {})))
    expect(made.filter(({ status }) => status === 'fulfilled').length).toBeLessThanOrEqual(1)
    const { EventSourceMappings } = await server.call('ListEventSourceMappings')
    expect(EventSourceMappings).toHaveLength(made.filter(({ status }) => status === 'fulfilled').length)
  })

  test('takes over the unique key of one that was never saved', async () => {
    const server = await withFunctions()
    const { UUID } = await create(server, {})
    const key = { kind: 'event-source-mapping', id: String(UUID) } as const
    await server.documents.remove(key, (await server.documents.find(key))?.revision ?? 0)
    expect(await create(server, {})).toMatchObject({ State: 'Creating' })
  })
})

describe('a second mapping', () => {
  const update = (UUID: unknown) => `Please update or delete the existing mapping with UUID ${String(UUID)}`

  test('of a queue or stream with the same function is a conflict', async () => {
    const server = await withFunctions()
    const ofQueue = await create(server, {})
    expect(await refusal(server, {})).toMatchObject({
      status: 409,
      message: `An event source mapping with SQS arn (" ${queue} ") and function (" f ") already exists. ${update(ofQueue['UUID'])}`,
    })
    const ofStream = await create(server, { EventSourceArn: stream, ...LATEST })
    expect((await refusal(server, { EventSourceArn: stream, ...LATEST })).message).toBe(
      `The event source arn (" ${stream} ") and function (" f ") provided mapping already exists. ${update(ofStream['UUID'])}`,
    )
    const other = await create(server, { FunctionName: 'g' })
    const moved = await server.refusal('UpdateEventSourceMapping', { UUID: other['UUID'], FunctionName: 'f' })
    expect(moved.status).toBe(409)
  })

  test('of Kafka takes another topic for what failed, and not its own later either', async () => {
    const server = await withFunctions()
    const to = (topic: string) => ({ DestinationConfig: { OnFailure: { Destination: `kafka://${topic}` } } })
    const created = await create(server, { EventSourceArn: undefined, ...kafka, ...to('failed') })
    expect(created).toMatchObject(to('failed'))
    const { UUID } = created
    expect((await server.refusal('UpdateEventSourceMapping', { UUID, ...to('topic') })).message).toBe(
      'The on-failure destination cannot be a topic of the event source: topic',
    )
    expect(await server.call('UpdateEventSourceMapping', { UUID, ...to('others') })).toMatchObject(to('others'))
  })

  test('of one server of a Kafka cluster with the same function and topic is a conflict', async () => {
    const server = await withFunctions()
    const [KAFKA_BOOTSTRAP_SERVERS, EventSourceArn] = [['kafka:2000'], undefined]
    const { UUID } = await create(server, {
      ...kafka,
      EventSourceArn,
      SelfManagedEventSource: { Endpoints: { KAFKA_BOOTSTRAP_SERVERS } },
    })
    expect((await refusal(server, { ...kafka, EventSourceArn })).message).toBe(
      `An event source mapping with event source ("kafka:1000,kafka:2000"), function ("${arn}:f"), topics ("topic") ` +
        `already exists. ${update(UUID)}`,
    )
    expect(await create(server, { ...kafka, EventSourceArn, Topics: ['other'] })).toMatchObject({ State: 'Creating' })
  })
})

test.each<[string, object, string]>([
  ['no source', { EventSourceArn: undefined }, 'Unrecognized event source.'],
  ['an unknown function', { FunctionName: 'h' }, 'Function does not exist'],
  ['an unknown alias', { FunctionName: 'f:none' }, 'Function does not exist'],
  [
    'a stream without a start',
    { EventSourceArn: stream },
    "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member must not be null.",
  ],
  [
    'a table from a timestamp',
    { EventSourceArn: table, StartingPosition: 'AT_TIMESTAMP', StartingPositionTimestamp: new Date(0) },
    `Unsupported starting position for arn type: ${table}`,
  ],
  [
    'a destination for a queue',
    { DestinationConfig: { OnFailure: { Destination: queue } } },
    'Unsupported DestinationConfig parameter for given event source mapping type.',
  ],
  [
    'a large batch of a queue without a window',
    { BatchSize: 11 },
    'Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10',
  ],
  [
    'a FIFO queue with a window',
    { EventSourceArn: `${queue}.fifo`, BatchSize: 100, MaximumBatchingWindowInSeconds: 5 },
    'Batching window is not supported for FIFO queues',
  ],
  [
    'a schedule in seconds',
    { EventSourceArn: schedule('rate(5 seconds)') },
    'Parameter ScheduleExpression is not valid.',
  ],
  [
    'a table instead of its stream',
    { EventSourceArn: table.split('/stream/')[0], ...LATEST },
    'Unrecognized event source.',
  ],
  [
    'a stream without its type',
    { EventSourceArn: `arn:aws:kinesis:${account}:s`, ...LATEST },
    'Unrecognized event source.',
  ],
  ['a schedule without a time', { EventSourceArn: `arn:aws:events:${account}:rule/r` }, 'Unrecognized event source.'],
  [
    'a Redis stream without a start',
    { EventSourceArn: `arn:aws:elasticache:${account}:stream/main/k` },
    "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member must not be null.",
  ],
  [
    'a Redis stream without a key',
    { EventSourceArn: `arn:aws:elasticache:${account}:stream/main` },
    'Unrecognized event source.',
  ],
  [
    'a key of the server itself',
    { EventSourceArn: `arn:aws:elasticache:${account}:stream/main/{kubelambda:documents}:ids`, ...LATEST },
    'Unrecognized event source.',
  ],
  [
    'batches of a schedule',
    { EventSourceArn: schedule('rate(5 minutes)'), BatchSize: 5 },
    'Unsupported BatchSize parameter for given event source mapping type.',
  ],
  [
    'a filter of text for the data of a stream',
    { EventSourceArn: stream, ...LATEST, FilterCriteria: { Filters: [{ Pattern: '{"data":["x"]}' }] } },
    'Invalid filter pattern definition.',
  ],
  [
    'a filter for a document database',
    {
      EventSourceArn: `arn:aws:rds:${account}:cluster:c`,
      ...LATEST,
      FilterCriteria: { Filters: [{ Pattern: '{"a":[1]}' }] },
    },
    'Unsupported FilterCriteria parameter for given event source mapping type.',
  ],
  ['a broken filter', { FilterCriteria: { Filters: [{ Pattern: '{"a":1}' }] } }, 'Invalid filter pattern definition.'],
  [
    'a stream with a Kafka topic for what failed',
    { EventSourceArn: stream, ...LATEST, DestinationConfig: { OnFailure: { Destination: 'kafka://failed' } } },
    'A Kafka topic can only be the destination of a Kafka event source.',
  ],
  ...[`${queue}.fifo`, `arn:aws:sns:${account}:t.fifo`, `${arn}:g`, `arn:aws:events:${account}:event-bus/b`].map(
    (Destination): [string, object, string] => [
      `a stream with ${Destination} for what failed`,
      { EventSourceArn: stream, ...LATEST, DestinationConfig: { OnFailure: { Destination } } },
      `The provided destination config DestinationConfig(onSuccess=null, onFailure=OnFailure(destination=${Destination})) ` +
        'is invalid.',
    ],
  ),
  [
    'Kafka with a topic of its own for what failed',
    { ...kafka, EventSourceArn: undefined, DestinationConfig: { OnFailure: { Destination: 'kafka://topic' } } },
    'The on-failure destination cannot be a topic of the event source: topic',
  ],
  [
    'Kafka without credentials',
    { ...kafka, EventSourceArn: undefined, SourceAccessConfigurations: undefined },
    "Required 'sourceAccessConfigurations' parameter is missing.",
  ],
])('a mapping of %s is refused', async (_case, members, message) => {
  const server = await withFunctions()
  expect(await refusal(server, members)).toEqual({
    type: 'InvalidParameterValueException',
    status: 400,
    message,
    typed: true,
  })
  expect(await server.call('ListEventSourceMappings')).toEqual({ EventSourceMappings: [] })
})

test.each<[boolean, string]>([
  [true, '{"body":{"a":["x",1,null,true]}}'],
  [true, '{"a":[{"numeric":[">",0,"<=",5]}],"b":[{"exists":false}]}'],
  [true, '{"a":[{"prefix":"us-"},{"suffix":".png"},{"anything-but":["x"]},{"equals-ignore-case":"x"}]}'],
  [true, '{"$or":[{"a":["x"]},{"b":["y"]}]}'],
  [true, '{}'],
  [false, ''],
  [false, '[]'],
  [false, '{"a":"x"}'],
  [false, '{"a":[]}'],
  [false, '{"a":[{"numeric":["~",1]}]}'],
  [false, '{"a":[{"unknown":"x"}]}'],
  [false, '{"a":[["x"]]}'],
])('it is %s that %s is a filter pattern', (isPattern, text) => {
  expect(isFilterPattern(text)).toBe(isPattern)
})
