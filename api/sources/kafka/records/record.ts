import type { KafkaMessage } from 'kafkajs'
import type { PollSettings } from '../../mappings/poll-settings.ts'
import type { StreamRecord } from '../../batches/stream-record.ts'
import { nameOf, type Partition } from './partition.ts'

/** What Kafka's record batches say of their timestamps, which the library's types leave out. */
interface BatchContext {
  readonly batchContext?: { readonly timestampType?: number }
}

const logAppendTime = 1

/** A record as the function gets it (reference 8.4): bytes in base64, those of headers as signed numbers. */
export function kafkaRecord(message: KafkaMessage, place: Partition): StreamRecord {
  const { key, value, offset, timestamp, headers = {} } = message
  const isAppendTime = (message as BatchContext).batchContext?.timestampType === logAppendTime
  return {
    sequenceNumber: offset,
    arrivedMs: Number(timestamp),
    orderKey: nameOf(place),
    data: value?.toString() ?? '',
    event: {
      topic: place.topic,
      partition: place.partition,
      offset: Number(offset),
      timestamp: Number(timestamp),
      timestampType: isAppendTime ? 'LOG_APPEND_TIME' : 'CREATE_TIME',
      ...(key === null ? {} : { key: key.toString('base64') }),
      ...(value === null ? {} : { value: value.toString('base64') }),
      headers: Object.entries(headers).flatMap(([name, values]) =>
        [values].flat().map((bytes) => ({ [name]: [...new Int8Array(Buffer.from(bytes ?? ''))] })),
      ),
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
  place: Partition,
  { kind, sourceArn }: Pick<PollSettings, 'kind' | 'sourceArn'>,
  bootstrapServers: readonly string[],
): object {
  const isManaged = kind === 'msk'
  return {
    eventSource: isManaged ? 'aws:kafka' : 'SelfManagedKafka',
    ...(isManaged ? { eventSourceArn: sourceArn } : {}),
    bootstrapServers: bootstrapServers.join(','),
    records: { [nameOf(place)]: records.map(({ event }) => event) },
  }
}

/** The id of the record that a function reports as failed: `{"partition": "<topic>-<number>", "offset": <number>}`. */
export function reportedOffset(identifier: unknown, place: Partition): string | undefined {
  const { partition, offset } = (identifier ?? {}) as { partition?: unknown; offset?: unknown }
  return partition === nameOf(place) && typeof offset === 'number' ? String(offset) : undefined
}
