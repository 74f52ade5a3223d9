import { failureRecord, type Failure } from '../../batches/failure-record.ts'
import type { FailureRecord, SourceParts } from '../../polling/source.ts'
import type { StreamRecord } from '../../batches/stream-record.ts'
import { kafkaBatchInfo, kafkaRecordInfo } from './batch-info.ts'
import { destinationTopic } from './destination-topic.ts'
import { nameOf, type TopicPartition } from '../records/partition.ts'
import type { OutgoingMessage } from '../client/produce.ts'
import { kafkaEvent, keyOf } from '../records/record.ts'
import type { TopicSender } from './topic-sender.ts'

export interface FailedBatchParts {
  readonly source: Pick<SourceParts, 'settings' | 'now'>
  readonly topicPartition: TopicPartition
  readonly bootstrapServers: readonly string[]
  readonly sender: Pick<TopicSender, 'send'>
}

/** Less than a topic's default maximum size of a batch, 1 MiB. */
const maxBytesAtOnce = 512 * 1024

/** Describes a failed batch for the on-failure destination, and sends it when that is a topic. */
export function describeFailedBatch(failure: Failure, parts: FailedBatchParts): FailureRecord {
  const { source, topicPartition, bootstrapServers } = parts
  const { settings, now } = source
  const { id, records } = failure
  const payload = JSON.stringify(kafkaEvent(records, topicPartition, settings, bootstrapServers))
  const payloadSize = Buffer.byteLength(payload)
  const { sourceArn } = settings
  const info = kafkaBatchInfo({ records, topicPartition, sourceArn, bootstrapServers, payloadSize })
  const told = { id, record: failureRecord(failure, settings, now(), info), payload, part: nameOf(topicPartition) }
  const topic = destinationTopic(settings.onFailure)
  return topic === undefined ? told : { ...told, send: createSend(topic, failure, parts) }
}

/** Sends a message for each record. A second call sends only those that were not acknowledged. */
function createSend(topic: string, failure: Failure, parts: FailedBatchParts): (signal: AbortSignal) => Promise<void> {
  const nowMs = parts.source.now()
  let waiting: readonly (readonly OutgoingMessage[])[] = inPieces(
    failure.records.map((record) => failedRecord(record, failure, nowMs, parts)),
  )
  return async (signal) => {
    const failed: (readonly OutgoingMessage[])[] = []
    let reason: unknown
    for (const piece of waiting) {
      try {
        await parts.sender.send(topic, piece, signal)
      } catch (error) {
        failed.push(piece)
        reason = error
      }
    }
    waiting = failed
    if (failed.length > 0) throw reason
  }
}

/** AWS's message for a failed record: the record's own key, and the failure record with an event of this record alone. */
function failedRecord(
  record: StreamRecord,
  failure: Failure,
  nowMs: number,
  { source, topicPartition, bootstrapServers }: FailedBatchParts,
): OutgoingMessage {
  const { settings } = source
  const payload = kafkaEvent([record], topicPartition, settings, bootstrapServers)
  const payloadSize = Buffer.byteLength(JSON.stringify(payload))
  const info = kafkaRecordInfo({ record, sourceArn: settings.sourceArn, bootstrapServers, payloadSize })
  return {
    key: keyOf(record),
    value: JSON.stringify({ ...failureRecord(failure, settings, nowMs, info), payload }),
  }
}

function inPieces(messages: readonly OutgoingMessage[]): OutgoingMessage[][] {
  const pieces: OutgoingMessage[][] = []
  let bytes = Number.POSITIVE_INFINITY
  for (const message of messages) {
    const size = (message.key?.length ?? 0) + (message.value?.length ?? 0)
    if (bytes + size > maxBytesAtOnce) {
      pieces.push([])
      bytes = 0
    }
    pieces.at(-1)?.push(message)
    bytes += size
  }
  return pieces
}
