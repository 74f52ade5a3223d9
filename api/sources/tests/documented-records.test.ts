import { expect, test } from '@jest/globals'
import type { AwsServices } from '../../aws/services.ts'
import { describeStreamBatch, type BatchInfoKey } from '../batches/failure-record.ts'
import { createDiscard, type DeliveredRecord } from '../batches/discard.ts'
import type { StreamRecord } from '../batches/stream-record.ts'
import { createFilter } from '../filters/filter.ts'
import { describeFailedBatch } from '../kafka/on-failure/failed-batch.ts'
import { kafkaEvent, kafkaRecord } from '../kafka/records/record.ts'
import type { PollSettings } from '../mappings/poll-settings.ts'
import type { BatchRun } from '../polling/batch-run.ts'
import type { FailureRecord } from '../polling/source.ts'
import { sqsRecord, type SqsMessage } from '../sqs/message.ts'
import { createDynamoStream } from '../streams/dynamodb.ts'
import { createKinesisStream } from '../streams/kinesis.ts'
import { aMapping, fakeFunction, unusedServices } from '../testing/samples.ts'

/**
 * Events and failure records member by member, in the shapes of the examples in AWS's developer guide: with-sqs, with-kinesis, with-ddb,
 * with-msk, with-kafka, kinesis-on-failure-destination, services-dynamodb-errors, kafka-on-failure, kafka-on-failure-destination.
 */
const [region, account] = ['us-east-2', '123456789012']

function message(others: Partial<SqsMessage> = {}): SqsMessage {
  return {
    MessageId: '1d3e0a46-5b8e-4c1c-9a57-2f6a2d1f0c11',
    ReceiptHandle: 'AQEBhandle',
    Body: 'test',
    MD5OfBody: '098f6bcd4621d373cade4e832627b4f6',
    Attributes: {
      ApproximateReceiveCount: '1',
      SentTimestamp: '1545082649183',
      SenderId: 'AIDAEXAMPLE',
      ApproximateFirstReceiveTimestamp: '1545082649185',
    },
    ...others,
  }
}

const plainSqsRecord = {
  messageId: '1d3e0a46-5b8e-4c1c-9a57-2f6a2d1f0c11',
  receiptHandle: 'AQEBhandle',
  body: 'test',
  attributes: {
    ApproximateReceiveCount: '1',
    SentTimestamp: '1545082649183',
    SenderId: 'AIDAEXAMPLE',
    ApproximateFirstReceiveTimestamp: '1545082649185',
  },
  messageAttributes: {},
  md5OfBody: '098f6bcd4621d373cade4e832627b4f6',
  eventSource: 'aws:sqs',
  eventSourceARN: `arn:aws:sqs:${region}:${account}:my-queue`,
  awsRegion: region,
}

test('a message of a standard queue', () => {
  expect(sqsRecord(message(), plainSqsRecord.eventSourceARN)).toEqual(plainSqsRecord)
})

test('a message of a FIFO queue', () => {
  const Attributes = {
    ...message().Attributes,
    SequenceNumber: '18849496460467696128',
    MessageGroupId: '1',
    MessageDeduplicationId: '1',
    DeadLetterQueueSourceArn: `arn:aws:sqs:${region}:${account}:source.fifo`,
    AWSTraceHeader: 'Root=1-5759e988-bd862e3fe1be46a994272793',
  }
  const eventSourceARN = `arn:aws:sqs:${region}:${account}:fifo.fifo`
  const expected = { ...plainSqsRecord, attributes: Attributes, eventSourceARN }
  expect(sqsRecord(message({ Attributes }), eventSourceARN)).toEqual(expected)
})

test('a message with attributes of every type', () => {
  const MessageAttributes = {
    text: { DataType: 'String', StringValue: 'v' },
    empty: { DataType: 'String.custom', StringValue: '' },
    number: { DataType: 'Number.int', StringValue: '-1.50' },
    bytes: { DataType: 'Binary.png', BinaryValue: '/w==' },
  }
  const lists = { stringListValues: [], binaryListValues: [] }
  const record = sqsRecord(
    message({ MessageAttributes, MD5OfMessageAttributes: 'd41d' }),
    plainSqsRecord.eventSourceARN,
  )
  expect(record).toEqual({
    ...plainSqsRecord,
    messageAttributes: {
      text: { stringValue: 'v', ...lists, dataType: 'String' },
      empty: { stringValue: '', ...lists, dataType: 'String.custom' },
      number: { stringValue: '-1.50', ...lists, dataType: 'Number.int' },
      bytes: { binaryValue: '/w==', ...lists, dataType: 'Binary.png' },
    },
    md5OfMessageAttributes: 'd41d',
  })
})

const kinesisArn = `arn:aws:kinesis:${region}:${account}:stream/lambda-stream`
const tableArn = `arn:aws:dynamodb:${region}:${account}:table/my-table/stream/2024-06-10T19:26:16.525`

/** The records that a stream returns for the service's response. */
async function readRecords(kind: 'kinesis' | 'dynamodb', answer: object): Promise<readonly StreamRecord[]> {
  const services: AwsServices = { ...unusedServices, call: async () => answer }
  const settings = aMapping({ kind, sourceArn: kind === 'kinesis' ? kinesisArn : tableArn })
  const parts = { settings, services, run: fakeFunction() }
  const stream = kind === 'kinesis' ? createKinesisStream(parts) : createDynamoStream(parts)
  return (await stream.read('shardId-000000000006', 'iterator', 100, new AbortController().signal)).records
}

const putRecord = {
  SequenceNumber: '49590338271490256608559692538361571095921575989136588898',
  ApproximateArrivalTimestamp: 1545084650.987,
  Data: 'SGVsbG8=',
  PartitionKey: '1',
}

test('a Kinesis record', async () => {
  const records = await readRecords('kinesis', { Records: [putRecord] })
  expect(records.map(({ event }) => event)).toEqual([
    {
      kinesis: {
        kinesisSchemaVersion: '1.0',
        partitionKey: '1',
        sequenceNumber: putRecord.SequenceNumber,
        data: 'SGVsbG8=',
        approximateArrivalTimestamp: 1545084650.987,
      },
      eventSource: 'aws:kinesis',
      eventVersion: '1.0',
      eventID: `shardId-000000000006:${putRecord.SequenceNumber}`,
      eventName: 'aws:kinesis:record',
      invokeIdentityArn: 'arn:aws:iam::000000000000:role/r',
      awsRegion: region,
      eventSourceARN: kinesisArn,
    },
  ])
})

test('a Kinesis record is filtered by its data and its partition key', async () => {
  const [record] = await readRecords('kinesis', { Records: [{ ...putRecord, Data: 'eyJhIjoieCJ9' }] })
  const passes = (pattern: string) =>
    createFilter([pattern], { key: 'data' })(record?.metadata ?? {}, record?.data ?? '')
  expect(passes('{"data":{"a":["x"]},"partitionKey":["1"]}')).toBe(true)
  expect(passes('{"kinesis":{"partitionKey":["1"]},"eventSource":["aws:kinesis"]}')).toBe(true)
  expect(passes('{"data":{"a":["x"]},"partitionKey":["2"]}')).toBe(false)
})

/** Every type of attribute, in the JSON of DynamoDB. */
const item = {
  id: { S: 'a' },
  number: { N: '101' },
  bytes: { B: '/w==' },
  flag: { BOOL: true },
  nothing: { NULL: true },
  list: { L: [{ S: 'x' }, { M: { deep: { N: '1.50' } } }] },
  map: { M: { key: { S: 'v' } } },
  texts: { SS: ['a', 'b'] },
  numbers: { NS: ['1', '2'] },
  blobs: { BS: ['/w==', '/g=='] },
}

test('a change of a table, with attributes of every type', async () => {
  const dynamodb = {
    ApproximateCreationDateTime: 1479499740,
    Keys: { id: { S: 'a' } },
    NewImage: item,
    OldImage: { id: { S: 'a' } },
    SequenceNumber: '4421584500000000017450439091',
    SizeBytes: 26,
    StreamViewType: 'NEW_AND_OLD_IMAGES',
  }
  const given = { eventID: 'c4ca4238a0b923820dcc509a6f75849b', eventVersion: '1.1', eventSource: 'aws:dynamodb' }
  const change = { ...given, eventName: 'MODIFY', awsRegion: 'elsewhere', dynamodb }
  const [record] = await readRecords('dynamodb', { Records: [change] })
  expect(record?.event).toEqual({
    ...given,
    eventName: 'MODIFY',
    dynamodb,
    awsRegion: region,
    eventSourceARN: tableArn,
  })
})

test('an item that expired', async () => {
  const dynamodb = { Keys: { id: { S: 'a' } }, SequenceNumber: '1', SizeBytes: 3, ApproximateCreationDateTime: 1 }
  const userIdentity = { PrincipalId: 'dynamodb.amazonaws.com', Type: 'Service' }
  const [record] = await readRecords('dynamodb', { Records: [{ eventName: 'REMOVE', dynamodb, userIdentity }] })
  expect(record?.event).toMatchObject({ userIdentity: { principalId: 'dynamodb.amazonaws.com', type: 'Service' } })
})

const topicPartition = { topic: 'mytopic', partition: 0 }
const bootstrapServers = ['b-2.demo:9092', 'b-1.demo:9092']
const clusterArn = `arn:aws:kafka:${region}:${account}:cluster/demo/751d2973-a626-431c-9d4e-d7975eb44dd7-2`
const message15 = kafkaRecord(
  {
    offset: 15n,
    timestampMs: 1_545_084_650_987,
    isAppendTime: false,
    key: Buffer.from('key'),
    value: Buffer.from('Hello'),
    headers: [['headerKey', Buffer.from('héader')]],
  },
  topicPartition,
)
const record15 = {
  topic: 'mytopic',
  partition: 0,
  offset: 15,
  timestamp: 1_545_084_650_987,
  timestampType: 'CREATE_TIME',
  key: 'a2V5',
  value: 'SGVsbG8=',
  headers: [{ headerKey: [104, -61, -87, 97, 100, 101, 114] }],
}

test('a record of a topic of MSK', () => {
  const settings = aMapping({ kind: 'msk', sourceArn: clusterArn })
  expect(kafkaEvent([message15], topicPartition, settings, bootstrapServers)).toEqual({
    eventSource: 'aws:kafka',
    eventSourceArn: clusterArn,
    bootstrapServers: 'b-2.demo:9092,b-1.demo:9092',
    records: { 'mytopic-0': [record15] },
  })
})

test('a record of a topic of a self-managed cluster, without key and headers', () => {
  const bare = { offset: 16n, timestampMs: 1, isAppendTime: true, key: null, value: Buffer.from('x'), headers: [] }
  const event = kafkaEvent([kafkaRecord(bare, topicPartition)], topicPartition, aMapping({ kind: 'kafka' }), ['b:9092'])
  expect(event).toEqual({
    eventSource: 'SelfManagedKafka',
    bootstrapServers: 'b:9092',
    records: {
      'mytopic-0': [
        {
          topic: 'mytopic',
          partition: 0,
          offset: 16,
          timestamp: 1,
          timestampType: 'LOG_APPEND_TIME',
          value: 'eA==',
          headers: [],
        },
      ],
    },
  })
})

const nowMs = Date.parse('2019-11-14T00:38:06.021Z')
const functionArn = `arn:aws:lambda:${region}:${account}:function:myfunction`
const last: BatchRun = {
  kind: 'ran',
  requestId: 'c9b8fa9f-5a7f-4b0e-af9c-0c604cde93a5',
  payload: Buffer.from('{}'),
  executedVersion: '$LATEST',
  functionError: 'Unhandled',
}
const failed = {
  requestContext: {
    requestId: 'c9b8fa9f-5a7f-4b0e-af9c-0c604cde93a5',
    functionArn,
    condition: 'RetryAttemptsExhausted',
    approximateInvokeCount: 1,
  },
  responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
  version: '1.0',
  timestamp: '2019-11-14T00:38:06.021Z',
}
const failureOf = (records: readonly StreamRecord[]) =>
  ({ id: last.requestId, condition: 'RetryAttemptsExhausted', records, invocations: 1, last }) as const

/** What a destination gets for a failed batch. */
async function deliver(target: string, failure: FailureRecord): Promise<DeliveredRecord> {
  const delivered: DeliveredRecord[] = []
  const deliverOne = async (record: DeliveredRecord) => void delivered.push(record)
  const settings = aMapping({ functionArn, onFailure: target, uuid: 'f89f8514-cdd9-4602-9e1f-01a5b77d449b' })
  await createDiscard(settings, { deliver: deliverOne, warn: () => undefined, now: () => nowMs })(failure)
  const [only] = delivered
  if (only === undefined) throw new Error('nothing was delivered')
  return only
}
const queueArn = `arn:aws:sqs:${region}:${account}:dest-queue`
const parsed = ({ body }: DeliveredRecord): unknown => JSON.parse(body)
const keysOf = ({ body }: DeliveredRecord) => Object.keys(JSON.parse(body) as object)

async function streamFailure(kind: 'kinesis' | 'dynamodb', key: BatchInfoKey, answer: object) {
  const settings = aMapping({ kind, functionArn, sourceArn: kind === 'kinesis' ? kinesisArn : tableArn })
  const records = await readRecords(kind, answer)
  return {
    records,
    failure: describeStreamBatch(failureOf(records), { settings, now: () => nowMs }, key, 'shardId-000000000001'),
  }
}

const putRecords = {
  Records: [
    {
      ...putRecord,
      SequenceNumber: '49601189658422359378836298521827638475320189012309704722',
      ApproximateArrivalTimestamp: 1573691884.835,
    },
    {
      ...putRecord,
      SequenceNumber: '49601189658422359378836298522902373528957594348623495186',
      ApproximateArrivalTimestamp: 1573691885.58,
    },
  ],
}
const kinesisInfo = {
  shardId: 'shardId-000000000001',
  startSequenceNumber: '49601189658422359378836298521827638475320189012309704722',
  endSequenceNumber: '49601189658422359378836298522902373528957594348623495186',
  approximateArrivalOfFirstRecord: '2019-11-14T00:38:04.835Z',
  approximateArrivalOfLastRecord: '2019-11-14T00:38:05.580Z',
  batchSize: 2,
  streamArn: kinesisArn,
}

test('a failed batch of Kinesis, for a queue or a topic', async () => {
  const { failure } = await streamFailure('kinesis', 'KinesisBatchInfo', putRecords)
  const delivered = await deliver(queueArn, failure)
  expect(parsed(delivered)).toEqual({ ...failed, KinesisBatchInfo: kinesisInfo })
  expect(keysOf(delivered)).toEqual(['requestContext', 'responseContext', 'version', 'timestamp', 'KinesisBatchInfo'])
})

test('a failed batch of Kinesis, for a bucket: with the event as text, under a key of its own', async () => {
  const { records, failure } = await streamFailure('kinesis', 'KinesisBatchInfo', putRecords)
  const [one, other] = [await deliver('arn:aws:s3:::bucket', failure), await deliver('arn:aws:s3:::bucket', failure)]
  const payload = JSON.stringify({ Records: records.map(({ event }) => event) })
  expect(parsed(one)).toEqual({ ...failed, KinesisBatchInfo: kinesisInfo, payload })
  const folder = 'aws/lambda/f89f8514-cdd9-4602-9e1f-01a5b77d449b/shardId-000000000001/2019/11/14/2019-11-14T00.38.06-'
  for (const { objectKey } of [one, other]) {
    expect(objectKey.startsWith(folder)).toBe(true)
    expect(objectKey.slice(folder.length)).toMatch(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/)
  }
  expect(one.objectKey).not.toBe(other.objectKey)
})

test('a failed batch of a table', async () => {
  const change = (SequenceNumber: string, ApproximateCreationDateTime: number) => ({
    eventName: 'INSERT',
    dynamodb: { Keys: {}, SequenceNumber, ApproximateCreationDateTime },
  })
  const Records = [change('800000000003126276362', 1573690399), change('800000000003126276363', 1573690400)]
  const { failure } = await streamFailure('dynamodb', 'DDBStreamBatchInfo', { Records })
  expect(parsed(await deliver(queueArn, failure))).toEqual({
    ...failed,
    DDBStreamBatchInfo: {
      shardId: 'shardId-000000000001',
      startSequenceNumber: '800000000003126276362',
      endSequenceNumber: '800000000003126276363',
      approximateArrivalOfFirstRecord: '2019-11-14T00:13:19Z',
      approximateArrivalOfLastRecord: '2019-11-14T00:13:20Z',
      batchSize: 2,
      streamArn: tableArn,
    },
  })
})

function kafkaFailure(settings: Partial<PollSettings>, condition?: 'MaximumPayloadSizeExceeded'): FailureRecord {
  const source = {
    settings: aMapping({ kind: 'msk', functionArn, sourceArn: clusterArn, ...settings }),
    now: () => nowMs,
  }
  const sender = { send: async () => undefined }
  const failure = { ...failureOf([message15]), ...(condition === undefined ? {} : { condition }) }
  return describeFailedBatch(failure, { source, topicPartition, bootstrapServers, sender })
}

test('a failed batch of a topic, for a queue and for a bucket', async () => {
  const event = JSON.stringify(
    kafkaEvent([message15], topicPartition, aMapping({ kind: 'msk', sourceArn: clusterArn }), bootstrapServers),
  )
  const time = '2018-12-17T22:10:50.987Z'
  const KafkaBatchInfo = {
    batchSize: 1,
    eventSourceArn: clusterArn,
    bootstrapServers: 'b-2.demo:9092,b-1.demo:9092',
    payloadSize: Buffer.byteLength(event),
    recordsInfo: {
      'mytopic-0': {
        firstRecordOffset: '15',
        lastRecordOffset: '15',
        firstRecordTimestamp: time,
        lastRecordTimestamp: time,
      },
    },
  }
  expect(parsed(await deliver(queueArn, kafkaFailure({})))).toEqual({ ...failed, KafkaBatchInfo })
  expect(parsed(await deliver('arn:aws:s3:::bucket', kafkaFailure({})))).toEqual({
    ...failed,
    KafkaBatchInfo,
    payload: event,
  })
})

test('a record of a topic that is too large for an event', async () => {
  const delivered = parsed(await deliver(queueArn, kafkaFailure({}, 'MaximumPayloadSizeExceeded')))
  expect(delivered).toMatchObject({
    requestContext: { condition: 'MaximumPayloadSizeExceeded' },
    responseContext: null,
  })
})
