import type { AwsServices } from '../../aws/services.ts'
import type { StreamRecord } from '../batches/stream-record.ts'
import { kafkaRecord } from '../kafka/records/record.ts'
import { createDynamoStream } from '../streams/dynamodb.ts'
import { createKinesisStream } from '../streams/kinesis.ts'
import { aMapping, fakeFunction, unusedServices } from './samples.ts'

/** Records and names in the shapes of the examples in AWS's developer guide. */
export const [region, account] = ['us-east-2', '123456789012']

export const kinesisArn = `arn:aws:kinesis:${region}:${account}:stream/lambda-stream`
export const tableArn = `arn:aws:dynamodb:${region}:${account}:table/my-table/stream/2024-06-10T19:26:16.525`

/** The records that a stream returns for the service's response. */
export async function readRecords(kind: 'kinesis' | 'dynamodb', answer: object): Promise<readonly StreamRecord[]> {
  const services: AwsServices = { ...unusedServices, call: async () => answer }
  const settings = aMapping({ kind, sourceArn: kind === 'kinesis' ? kinesisArn : tableArn })
  const parts = { settings, services, run: fakeFunction() }
  const stream = kind === 'kinesis' ? createKinesisStream(parts) : createDynamoStream(parts)
  return (await stream.read('shardId-000000000006', 'iterator', 100, new AbortController().signal)).records
}

export const putRecord = {
  SequenceNumber: '49590338271490256608559692538361571095921575989136588898',
  ApproximateArrivalTimestamp: 1545084650.987,
  Data: 'SGVsbG8=',
  PartitionKey: '1',
}

export const topicPartition = { topic: 'mytopic', partition: 0 }
export const bootstrapServers = ['b-2.demo:9092', 'b-1.demo:9092']
export const clusterArn = `arn:aws:kafka:${region}:${account}:cluster/demo/751d2973-a626-431c-9d4e-d7975eb44dd7-2`
export const message15 = kafkaRecord(
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
