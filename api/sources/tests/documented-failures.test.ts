import { expect, test } from '@jest/globals'
import { createDiscard, type DeliveredRecord } from '../batches/discard.ts'
import { describeStreamBatch, type BatchInfoKey } from '../batches/failure-record.ts'
import type { StreamRecord } from '../batches/stream-record.ts'
import { describeFailedBatch } from '../kafka/on-failure/failed-batch.ts'
import { kafkaEvent } from '../kafka/records/record.ts'
import type { PollSettings } from '../mappings/poll-settings.ts'
import type { BatchRun } from '../polling/batch-run.ts'
import type { FailureRecord } from '../polling/source.ts'
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
 * Failure records member by member, in the shapes of the examples in AWS's developer guide: kinesis-on-failure-destination,
 * services-dynamodb-errors, kafka-on-failure, kafka-on-failure-destination.
 */
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
