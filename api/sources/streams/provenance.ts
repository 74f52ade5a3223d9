import type { SourceParts } from '../polling/source.ts'
import type { Shard, Stream } from './stream.ts'

/** The checkpoint that marks that the mapping has begun, and of which stream the others are. */
const begun = '*'

/** Whether a mapping's checkpoints are of its stream. */
export interface Provenance {
  /** Begins the mapping, once. Discards checkpoints of an earlier stream of the same name. Looks again only after `doubt`. */
  check(): Promise<void>
  /** The stream may be another one by now. */
  doubt(): void
}

/** Creates the check of a mapping's checkpoints. */
export function createProvenance(stream: Stream, parts: SourceParts): Provenance {
  let checked: Promise<void> | undefined
  return {
    async check() {
      const checking = (checked ??= checkOnce(stream, parts))
      try {
        await checking
      } catch (error) {
        checked = undefined
        throw error
      }
    },
    doubt: () => void (checked = undefined),
  }
}

async function checkOnce(stream: Stream, parts: SourceParts): Promise<void> {
  const { checkpoints, settings, lost } = parts
  const identity = await stream.identity?.()
  const known = identity === undefined ? {} : { identity }
  const beginning = await checkpoints.find(begun)
  if (beginning === undefined) {
    await begin(await stream.shards(), parts)
  } else if (identity !== undefined && beginning.identity !== undefined && beginning.identity !== identity) {
    lost(settings.sourceArn, 'the stream was deleted and created again. Reading continues at its oldest record.')
    await checkpoints.clear(begun)
  } else if (identity === undefined || beginning.identity === identity) return
  await checkpoints.save(begun, { isEnded: true, ...known }, 0)
}

/**
 * Decides once where reading begins. LATEST and AT_TIMESTAMP are stored as points in time, so that another server also reads
 * what arrives before the first record is complete. Shards that were closed before are not read.
 */
async function begin(shards: readonly Shard[], { settings, checkpoints, now }: SourceParts): Promise<void> {
  const { startingPosition, startingTimestampMs } = settings
  const sinceMs = startingPosition === 'LATEST' ? now() : startingTimestampMs
  if (startingPosition === 'TRIM_HORIZON' || sinceMs === undefined) return
  for (const { id, isClosed } of shards) {
    const isSkipped = isClosed && startingPosition === 'LATEST'
    if ((await checkpoints.find(id)) === undefined)
      await checkpoints.save(id, isSkipped ? { isEnded: true } : { sinceMs }, 0)
  }
}
