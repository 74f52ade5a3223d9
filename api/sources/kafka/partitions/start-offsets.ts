import type { Admin } from 'kafkajs'
import type { SourceParts } from '../../polling/source.ts'
import { nameOf, type Partition } from '../records/partition.ts'

/** What is asked of a cluster about its topics. */
export type Offsets = Pick<Admin, 'fetchTopicOffsets' | 'fetchTopicOffsetsByTimestamp'>

/** The checkpoint that says that the mapping has begun, and where. */
const begun = '*'

/**
 * Decides once where reading begins where the group has committed nothing. LATEST and AT_TIMESTAMP become offsets that are
 * kept, so that what arrives before the first commit is read also by the next server; partitions that come later are read
 * from their beginning.
 */
export async function keepStartOffsets(
  admin: Offsets,
  { settings, checkpoints }: Pick<SourceParts, 'settings' | 'checkpoints'>,
): Promise<void> {
  const { startingPosition, startingTimestampMs, kafka } = settings
  if ((await checkpoints.find(begun)) !== undefined) return
  for (const topic of startingPosition === 'TRIM_HORIZON' ? [] : kafka.topics) {
    const offsets =
      startingPosition === 'AT_TIMESTAMP'
        ? await admin.fetchTopicOffsetsByTimestamp(topic, startingTimestampMs)
        : await admin.fetchTopicOffsets(topic)
    for (const { partition, offset } of offsets) {
      const part = nameOf({ topic, partition })
      if ((await checkpoints.find(part)) === undefined) await checkpoints.save(part, { sequenceNumber: offset }, 0)
    }
  }
  await checkpoints.save(begun, { isEnded: true }, 0)
}

/** Where a partition is read from when the group has committed nothing for it. */
export async function startOffset(
  admin: Offsets,
  place: Partition,
  { checkpoints }: Pick<SourceParts, 'checkpoints'>,
): Promise<string> {
  const kept = (await checkpoints.find(nameOf(place)))?.sequenceNumber
  if (kept !== undefined) return kept
  const offsets = await admin.fetchTopicOffsets(place.topic)
  return offsets.find(({ partition }) => partition === place.partition)?.low ?? '0'
}
