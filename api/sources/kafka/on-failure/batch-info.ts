import type { StreamRecord } from '../../batches/stream-record.ts'
import { nameOf, type TopicPartition } from '../records/partition.ts'

/** Members that batches and single records have in common. */
interface About {
  /** Empty for a self-managed cluster. */
  readonly sourceArn: string
  readonly bootstrapServers: readonly string[]
  /** Size of the event as JSON. */
  readonly payloadSize: number
}

export interface KafkaBatch extends About {
  readonly records: readonly StreamRecord[]
  readonly topicPartition: TopicPartition
}

export interface KafkaFailedRecord extends About {
  readonly record: StreamRecord
}

/** The part of a failure record that describes a Kafka batch, members in AWS's order. */
export function kafkaBatchInfo({ records, topicPartition, ...about }: KafkaBatch): object {
  const [first, last] = [records[0], records.at(-1)]
  return batchInfo(records.length, about, {
    recordsInfo: {
      [nameOf(topicPartition)]: {
        firstRecordOffset: first?.sequenceNumber,
        lastRecordOffset: last?.sequenceNumber,
        firstRecordTimestamp: timeOf(first),
        lastRecordTimestamp: timeOf(last),
      },
    },
  })
}

/** The same for a single record that is sent to a topic. */
export function kafkaRecordInfo({ record, ...about }: KafkaFailedRecord): object {
  const recordInfo = { offset: record.sequenceNumber, timestamp: timeOf(record) }
  return batchInfo(1, about, { recordInfo })
}

function batchInfo(
  batchSize: number,
  { sourceArn, bootstrapServers, payloadSize }: About,
  ofRecords: object,
): { readonly KafkaBatchInfo: object } {
  return {
    KafkaBatchInfo: {
      batchSize,
      ...(sourceArn === '' ? {} : { eventSourceArn: sourceArn }),
      bootstrapServers: bootstrapServers.join(','),
      payloadSize,
      ...ofRecords,
    },
  }
}

function timeOf(record: StreamRecord | undefined): string {
  return new Date(record?.arrivedMs ?? 0).toISOString()
}
