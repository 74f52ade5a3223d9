import type { StreamRecord } from '../../batches/stream-record.ts'
import { nameOf, type TopicPartition } from '../records/partition.ts'

/** What is said of a batch and of a record alike. */
interface About {
  /** The empty text for a cluster of one's own. */
  readonly sourceArn: string
  readonly bootstrapServers: readonly string[]
  /** Of the event, as JSON. */
  readonly payloadSize: number
}

export interface KafkaBatch extends About {
  readonly records: readonly StreamRecord[]
  readonly topicPartition: TopicPartition
}

export interface KafkaFailedRecord extends About {
  readonly record: StreamRecord
}

/** What the record of a failure says of a batch of Kafka, members in AWS's order. */
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

/** The same of a record that a topic is told of alone. */
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
