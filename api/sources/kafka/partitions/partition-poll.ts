import { createFilter } from '../../filters/filter.ts'
import { isOver } from '../../polling/pause.ts'
import { maxBytes } from '../../batches/batch-size.ts'
import { createShardProgress } from '../../batches/record-progress.ts'
import type { SourceParts } from '../../polling/source.ts'
import { runStreamBatch, type BatchParts } from '../../batches/stream-batch.ts'
import type { StreamRecord } from '../../batches/stream-record.ts'
import { createBacklog, type Backlog } from './backlog.ts'
import { describeFailedBatch } from '../on-failure/failed-batch.ts'
import type { GroupMember } from './group-member.ts'
import { nameOf, type TopicPartition } from '../records/partition.ts'
import type { KafkaRecord } from '../records/kafka-record.ts'
import { kafkaEvent, kafkaRecord, reportedOffset } from '../records/record.ts'
import type { TopicSender } from '../on-failure/topic-sender.ts'

export interface PartitionPollParts {
  readonly source: SourceParts
  readonly member: Pick<GroupMember, 'read' | 'commit'>
  readonly topicPartition: TopicPartition
  /** The offset to start at. */
  readonly offset: string
  readonly bootstrapServers: readonly string[]
  /** Sends to topics of the same cluster. */
  readonly sender: Pick<TopicSender, 'send'>
}

/**
 * Runs the records of a partition until the signal aborts, or the group assigns it to another member (reference 8.4).
 *
 * 1. read     while fewer records wait than a batch holds
 * 2. filter   records that do not match are complete
 * 3. run      batches in order, retried until they succeed or are discarded    ../../batches/stream-batch.ts
 * 4. commit   the offset up to which all records are complete
 */
export async function pollPartition(parts: PartitionPollParts, signal: AbortSignal): Promise<void> {
  const { source, member, topicPartition, offset } = parts
  const { settings, now } = source
  const ended = new AbortController()
  const fault: { error?: Error } = {}
  const inner = AbortSignal.any([signal, ended.signal])
  const backlog = createBacklog(settings.batchSize)
  const done = createDone(parts)
  const take = createTake(parts, backlog, done)
  const reading = member.read(topicPartition, offset, {
    onRecords(messages) {
      take(messages).catch((cause: unknown) => {
        fault.error = new Error(`Records of ${nameOf(topicPartition)} cannot be read.`, { cause })
        ended.abort()
      })
    },
    onEnd: () => ended.abort(),
  })
  if (reading === undefined) return
  backlog.follow(reading)
  const how = { most: settings.batchSize, windowMs: settings.batchingWindowSeconds * 1000, now }
  try {
    while (!isOver(inner)) {
      const records = await backlog.take(how, inner)
      if (records !== undefined) await runRecords(records, batchParts(parts, done), inner)
    }
  } finally {
    reading.stop()
    await done.settled()
  }
  if (fault.error !== undefined) throw fault.error
}

/** Completed records, and the committed offset. */
interface Done {
  add(offset: string): void
  mark(records: readonly Pick<StreamRecord, 'sequenceNumber'>[]): Promise<void>
  settled(): Promise<void>
}

/** Commits one offset at a time, and only new ones. */
function createDone({ member, topicPartition }: PartitionPollParts): Done {
  const progress = createShardProgress()
  let committed: string | undefined
  let committing = Promise.resolve()
  const commitOnce = async (): Promise<void> => {
    const reached = progress.reached()
    if (reached === undefined || reached === committed) return
    await member.commit(topicPartition, String(BigInt(reached) + 1n))
    committed = reached
  }
  return {
    add: (offset) => progress.add(offset),
    mark(records) {
      progress.done(records.map(({ sequenceNumber }) => sequenceNumber))
      committing = committing.catch(() => undefined).then(commitOnce)
      return committing
    },
    settled: () => committing.catch(() => undefined),
  }
}

function createTake({ source, topicPartition }: PartitionPollParts, backlog: Backlog, done: Done) {
  const passes = createFilter(source.settings.filters, { key: 'value', fallsBackToMetadata: true })
  return async (messages: readonly KafkaRecord[]): Promise<void> => {
    const all = messages.map((message) => ({ record: kafkaRecord(message, topicPartition), bytes: bytesOf(message) }))
    for (const { record } of all) done.add(record.sequenceNumber)
    const wanted = all.filter(({ record }) => passes(record.event, record.data))
    backlog.push(wanted)
    const isWanted = new Set(wanted)
    const skipped = all.filter((each) => !isWanted.has(each)).map(({ record }) => record)
    if (skipped.length > 0) await done.mark(skipped)
  }
}

function bytesOf({ key, value }: KafkaRecord): number {
  return (key?.length ?? 0) + (value?.length ?? 0)
}

/** A record that is too large for an event is discarded at once. */
async function runRecords(records: readonly StreamRecord[], batch: BatchParts, signal: AbortSignal): Promise<void> {
  const isTooLarge = records.length === 1 && Buffer.byteLength(JSON.stringify(batch.eventOf(records))) > maxBytes
  if (!isTooLarge) return runStreamBatch(records, batch, signal)
  const condition = 'MaximumPayloadSizeExceeded'
  await batch.discard(batch.describe({ id: batch.newId(), condition, records, invocations: 0, last: undefined }))
  await batch.onDone(records)
}

function batchParts(parts: PartitionPollParts, done: Done): BatchParts {
  const { source, topicPartition, bootstrapServers } = parts
  return {
    ...source,
    eventOf: (records) => kafkaEvent(records, topicPartition, source.settings, bootstrapServers),
    readIdentifier: (identifier) => reportedOffset(identifier, topicPartition),
    onAnswer: () => undefined,
    onDone: (records) => done.mark(records),
    describe: (failure) => describeFailedBatch(failure, parts),
  }
}
