import type { SourceParts } from '../../polling/source.ts'
import { nameOf, partitionNamed, type TopicPartition } from '../records/partition.ts'

/** A partition's number, and an offset in it. */
export interface PartitionOffset {
  readonly partition: number
  readonly offset: string
}

/** Queries of a topic's offsets. */
export interface Offsets {
  /** Tells the topic from one that is created again under its name; empty if the brokers do not say. */
  identity(topic: string): Promise<string>
  /** The first offsets that still exist. */
  beginnings(topic: string): Promise<readonly PartitionOffset[]>
  /** The offsets after the last records. */
  ends(topic: string): Promise<readonly PartitionOffset[]>
  /** The first offsets at or after the time; the end where there are none. */
  since(topic: string, timestampMs: number): Promise<readonly PartitionOffset[]>
}

/** The checkpoint with the mapping's start offsets. */
const begun = '*'

/**
 * Decides once where to start when the group has committed nothing. Stores the offsets of LATEST and AT_TIMESTAMP, so that the next
 * server also reads the records that arrive before the first commit. Partitions that are added later are read from their
 * beginning.
 */
export async function keepStartOffsets(
  ask: Offsets,
  { settings, checkpoints, lost }: Pick<SourceParts, 'settings' | 'checkpoints' | 'lost'>,
): Promise<void> {
  const { startingPosition, startingTimestampMs = 0, kafka } = settings
  for (const topic of kafka.topics) await keepIdentity(topic, await ask.identity(topic), { checkpoints, lost })
  if ((await checkpoints.find(begun)) !== undefined) return
  for (const topic of startingPosition === 'TRIM_HORIZON' ? [] : kafka.topics) {
    const offsets =
      startingPosition === 'AT_TIMESTAMP' ? await ask.since(topic, startingTimestampMs) : await ask.ends(topic)
    for (const { partition, offset } of offsets) {
      const part = nameOf({ topic, partition })
      if ((await checkpoints.find(part)) === undefined) await checkpoints.save(part, { sequenceNumber: offset }, 0)
    }
  }
  await checkpoints.save(begun, { isEnded: true }, 0)
}

/** Discards the start offsets of an earlier topic of the same name. The cluster has removed those that the group committed. */
async function keepIdentity(
  topic: string,
  identity: string,
  { checkpoints, lost }: Pick<SourceParts, 'checkpoints' | 'lost'>,
): Promise<void> {
  // No partition has this name.
  const key = `*${topic}`
  const before = (await checkpoints.find(key))?.identity
  if (identity === '' || identity === before) return
  if (before !== undefined) {
    lost(topic, 'the topic was deleted and created again. Reading continues at its oldest record.')
    for (const part of (await checkpoints.list()).keys())
      if (partitionNamed(part).topic === topic) await checkpoints.save(part, {}, 0)
  }
  await checkpoints.save(key, { identity }, 0)
}

/** The start offset of a partition for which the group has committed nothing. */
export async function startOffset(
  ask: Pick<Offsets, 'beginnings'>,
  topicPartition: TopicPartition,
  { checkpoints }: Pick<SourceParts, 'checkpoints'>,
): Promise<string> {
  const kept = (await checkpoints.find(nameOf(topicPartition)))?.sequenceNumber
  if (kept !== undefined) return kept
  const offsets = await ask.beginnings(topicPartition.topic)
  return offsets.find(({ partition }) => partition === topicPartition.partition)?.offset ?? '0'
}
