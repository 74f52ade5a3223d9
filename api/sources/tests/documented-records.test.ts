import { expect, test } from '@jest/globals'
import { createFilter } from '../filters/filter.ts'
import { kafkaEvent, kafkaRecord } from '../kafka/records/record.ts'
import { sqsRecord, type SqsMessage } from '../sqs/message.ts'
import {
  account,
  bootstrapServers,
  clusterArn,
  kinesisArn,
  message15,
  putRecord,
  readRecords,
  region,
  tableArn,
  topicPartition,
} from '../testing/documented.ts'
import { aMapping } from '../testing/samples.ts'

/**
 * Events member by member, in the shapes of the examples in AWS's developer guide: with-sqs, with-kinesis, with-ddb, with-msk,
 * with-kafka.
 */
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
