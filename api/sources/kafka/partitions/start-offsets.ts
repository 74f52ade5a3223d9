import type { SourceParts } from '../../polling/source.ts'
import { nameOf, type TopicPartition } from '../records/partition.ts'

/** A partition's number and an offset of it. */
export interface PartitionOffset {
  readonly partition: number
  readonly offset: string
}

/** What is asked of a cluster about a topic. */
export interface Offsets {
  /** The first that are still there. */
  beginnings(topic: string): Promise<readonly PartitionOffset[]>
  /** Behind the last. */
  ends(topic: string): Promise<readonly PartitionOffset[]>
  /** The first of records that are not older; the end where there is none. */
  since(topic: string, timestampMs: number): Promise<readonly PartitionOffset[]>
}

/** The checkpoint that says that the mapping has begun, and where. */
const begun = '*'

/**
 * Decides once where reading begins where the group has committed nothing. LATEST and AT_TIMESTAMP become offsets that are
 * kept, so that what arrives before the first commit is read also by the next server; partitions that come later are read
 * from their beginning.
 */
export async function keepStartOffsets(
  ask: Offsets,
  { settings, checkpoints }: Pick<SourceParts, 'settings' | 'checkpoints'>,
): Promise<void> {
  const { startingPosition, startingTimestampMs = 0, kafka } = settings
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

/** Where a partition is read from when the group has committed nothing for it. */
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
