import { isUtf8 } from 'node:buffer'
import type { PollSettings } from '../../mappings/poll-settings.ts'
import type { StreamRecord } from '../../batches/stream-record.ts'
import { nameOf, type TopicPartition } from './partition.ts'
import type { KafkaRecord } from './kafka-record.ts'

/** Converts a record to the function's format (reference 8.4): bytes in base64, bytes of headers as signed numbers. */
export function kafkaRecord(record: KafkaRecord, topicPartition: TopicPartition): StreamRecord {
  const { key, value, offset, timestampMs, headers, isAppendTime } = record
  return {
    sequenceNumber: String(offset),
    arrivedMs: timestampMs,
    orderKey: nameOf(topicPartition),
    data: value === null || isUtf8(value) ? (value?.toString() ?? '') : value,
    event: {
      topic: topicPartition.topic,
      partition: topicPartition.partition,
      offset: Number(offset),
      timestamp: timestampMs,
      timestampType: isAppendTime ? 'LOG_APPEND_TIME' : 'CREATE_TIME',
      ...(key === null ? {} : { key: key.toString('base64') }),
      ...(value === null ? {} : { value: value.toString('base64') }),
      headers: headers.map(([name, bytes]) => ({ [name]: [...new Int8Array(bytes ?? Buffer.alloc(0))] })),
    },
  }
}

/** The key of a record as the producer sent it; `null` for none. */
export function keyOf({ event }: Pick<StreamRecord, 'event'>): Buffer | null {
  const { key } = event as { key?: string }
  return key === undefined ? null : Buffer.from(key, 'base64')
}

/** The event of a batch of one partition. */
export function kafkaEvent(
  records: readonly StreamRecord[],
  topicPartition: TopicPartition,
  { kind, sourceArn }: Pick<PollSettings, 'kind' | 'sourceArn'>,
  bootstrapServers: readonly string[],
): object {
  const isManaged = kind === 'msk'
  return {
    eventSource: isManaged ? 'aws:kafka' : 'SelfManagedKafka',
    ...(isManaged ? { eventSourceArn: sourceArn } : {}),
    bootstrapServers: bootstrapServers.join(','),
    records: { [nameOf(topicPartition)]: records.map(({ event }) => event) },
  }
}

/** The id of the record that a function reports as failed: `{"partition": "<topic>-<number>", "offset": <number>}`. */
export function reportedOffset(identifier: unknown, topicPartition: TopicPartition): string | undefined {
  const { partition, offset } = (identifier ?? {}) as { partition?: unknown; offset?: unknown }
  return partition === nameOf(topicPartition) && typeof offset === 'number' ? String(offset) : undefined
}
