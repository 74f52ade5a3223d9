import { expect, test } from '@jest/globals'
import type { KafkaRecord } from './kafka-record.ts'
import { kafkaEvent, kafkaRecord, reportedOffset } from './record.ts'

const topicPartition = { topic: 'my-topic', partition: 3 }
const record: KafkaRecord = {
  key: null,
  value: Buffer.from('v'),
  timestampMs: 1_545_084_650_987,
  isAppendTime: false,
  offset: 15n,
  headers: [
    ['one', Buffer.from([1, 200])],
    ['many', Buffer.from('a')],
    ['many', Buffer.from('b')],
    ['none', null],
  ],
}

test('headers are lists of signed bytes, and one that is given twice is there twice', () => {
  expect(kafkaRecord(record, topicPartition).event).toEqual({
    topic: 'my-topic',
    partition: 3,
    offset: 15,
    timestamp: 1_545_084_650_987,
    timestampType: 'CREATE_TIME',
    value: 'dg==',
    headers: [{ one: [1, -56] }, { many: [97] }, { many: [98] }, { none: [] }],
  })
})

test('a record without a value has none', () => {
  expect(kafkaRecord({ ...record, value: null }, topicPartition).event).not.toHaveProperty('value')
})

test('an event of MSK names the cluster, members in the order of AWS', () => {
  const sourceArn = 'arn:aws:kafka:us-east-1:000000000000:cluster/c/uuid'
  const event = kafkaEvent([kafkaRecord(record, topicPartition)], topicPartition, { kind: 'msk', sourceArn }, [
    'a:9092',
    'b:9092',
  ])
  expect(JSON.parse(JSON.stringify(event))).toMatchObject({
    eventSource: 'aws:kafka',
    eventSourceArn: sourceArn,
    bootstrapServers: 'a:9092,b:9092',
    records: { 'my-topic-3': [{ offset: 15 }] },
  })
  expect(Object.keys(event)).toEqual(['eventSource', 'eventSourceArn', 'bootstrapServers', 'records'])
})

test('a record that failed is named by its partition and offset', () => {
  expect(reportedOffset({ partition: 'my-topic-3', offset: 15 }, topicPartition)).toBe('15')
  for (const other of [
    { partition: 'my-topic-4', offset: 15 },
    { offset: 15 },
    { partition: 'my-topic-3' },
    '15',
    null,
  ])
    expect(reportedOffset(other, topicPartition)).toBeUndefined()
})
