import type { StreamRecord } from '../stream.ts'
import { nameOf, type Partition } from './partition.ts'

export interface KafkaBatch {
  readonly records: readonly StreamRecord[]
  readonly place: Partition
  /** The empty text for a cluster of one's own. */
  readonly sourceArn: string
  readonly bootstrapServers: readonly string[]
  /** Of the event, as JSON. */
  readonly payloadSize: number
}

/** What the record of a failure says of a batch of Kafka, members in AWS's order. */
export function kafkaBatchInfo({ records, place, sourceArn, bootstrapServers, payloadSize }: KafkaBatch): object {
  const [first, last] = [records[0], records.at(-1)]
  const timeOf = (record: StreamRecord | undefined) => new Date(record?.arrivedMs ?? 0).toISOString()
  return {
    KafkaBatchInfo: {
      batchSize: records.length,
      ...(sourceArn === '' ? {} : { eventSourceArn: sourceArn }),
      bootstrapServers: bootstrapServers.join(','),
      payloadSize,
      recordsInfo: {
        [nameOf(place)]: {
          firstRecordOffset: first?.sequenceNumber,
          lastRecordOffset: last?.sequenceNumber,
          firstRecordTimestamp: timeOf(first),
          lastRecordTimestamp: timeOf(last),
        },
      },
    },
  }
}
