import { ExpiredIterator } from './stream-call.ts'
import type { Checkpoint } from '../polling/checkpoints.ts'
import { createFilter } from '../filters/filter.ts'
import type { Lease } from '../polling/lease.ts'
import { isOver, pause } from '../polling/pause.ts'
import { openShardWorkers } from './shard-workers.ts'
import type { Source, SourceParts } from '../polling/source.ts'
import type { Page, Position, Shard, Stream } from './stream.ts'

/** The checkpoint that marks that the mapping has begun. */
const begun = '*'

/**
 * Runs the records of a stream (reference 8.3).
 *
 * 1. begin    at the mapping's starting position, once
 * 2. shards   whose parents are read to their end
 * 3. read     after the shard's checkpoint, page by page
 * 4. run      batches, in parallel by key                          shard-workers.ts
 * 5. save     the checkpoint
 */
export function createStreamSource(stream: Stream, parts: SourceParts): Source {
  const { checkpoints } = parts
  return {
    async parts() {
      const shards = await stream.shards()
      await begin(shards, parts)
      const known = new Set(shards.map(({ id }) => id))
      const ended = new Set<string>()
      for (const { id } of shards) if ((await checkpoints.find(id))?.isEnded === true) ended.add(id)
      const isReady = ({ id, parentIds }: Shard) =>
        !ended.has(id) && parentIds.every((parent) => ended.has(parent) || !known.has(parent))
      return shards.filter(isReady).map(({ id }) => id)
    },
    poll: (shardId, lease, signal) => pollShard(stream, shardId, lease, parts, signal),
  }
}

/**
 * Decides once where reading begins. LATEST and AT_TIMESTAMP are stored as points in time, so that another server also reads
 * what arrives before the first record is complete. Shards that were closed before are not read.
 */
async function begin(shards: readonly Shard[], { settings, checkpoints, now }: SourceParts): Promise<void> {
  if ((await checkpoints.find(begun)) !== undefined) return
  const { startingPosition, startingTimestampMs } = settings
  const sinceMs = startingPosition === 'LATEST' ? now() : startingTimestampMs
  if (startingPosition !== 'TRIM_HORIZON' && sinceMs !== undefined) {
    for (const { id, isClosed } of shards) {
      const isSkipped = isClosed && startingPosition === 'LATEST'
      if ((await checkpoints.find(id)) === undefined)
        await checkpoints.save(id, isSkipped ? { isEnded: true } : { sinceMs }, 0)
    }
  }
  await checkpoints.save(begun, { isEnded: true }, 0)
}

async function pollShard(
  stream: Stream,
  shardId: string,
  lease: Lease,
  parts: SourceParts,
  signal: AbortSignal,
): Promise<void> {
  const checkpoint = (await parts.checkpoints.find(shardId)) ?? {}
  const failed = new AbortController()
  const inner = AbortSignal.any([signal, failed.signal])
  const workers = openShardWorkers({ stream, shardId, lease, checkpoint, source: parts }, inner, (error) =>
    failed.abort(error),
  )
  const passes = createFilter(parts.settings.filters, { key: stream.dataKey })
  const { sinceMs = 0 } = checkpoint.sequenceNumber === undefined ? checkpoint : {}
  // A second is read completely, since DynamoDB returns times in seconds.
  const oldestMs = Math.floor(sinceMs / 1000) * 1000
  try {
    let isReached = false
    let position = positionOf(checkpoint)
    let next: string | undefined = await stream.iterator(shardId, position)
    while (next !== undefined && !isOver(inner)) {
      const page = await readOn(stream, shardId, { next, position, most: pageSizeOf(parts) }, inner)
      if (!isReached) parts.reached()
      isReached = true
      for (const record of page.records) {
        workers.push(record, record.arrivedMs >= oldestMs && passes(record.event, record.data))
        position = { after: record.sequenceNumber }
      }
      await workers.saveProgress()
      next = page.next
      await workers.waitForCapacity(inner)
      if (next !== undefined) await pause(stream.pollMs, inner)
    }
    if (!isOver(inner)) await finish(shardId, lease, parts, workers.end())
  } catch (error) {
    if (!isOver(inner)) failed.abort(error)
  } finally {
    await workers.end()
  }
  if (failed.signal.aborted) throw failed.signal.reason
}

interface ReadOn {
  readonly next: string
  /** The position of the iterator. */
  readonly position: Position
  readonly most: number
}

/** Reads the next page. An iterator that expired while batches ran is replaced. */
async function readOn(
  stream: Stream,
  shardId: string,
  { next, position, most }: ReadOn,
  signal: AbortSignal,
): Promise<Page> {
  try {
    return await stream.read(shardId, next, most, signal)
  } catch (error) {
    if (!(error instanceof ExpiredIterator)) throw error
    return stream.read(shardId, await stream.iterator(shardId, position), most, signal)
  }
}

async function finish(
  shardId: string,
  lease: Lease,
  { checkpoints }: SourceParts,
  ended: Promise<void>,
): Promise<void> {
  await ended
  await checkpoints.save(shardId, { isEnded: true }, lease.fence)
}

function positionOf({ sequenceNumber, sinceMs }: Checkpoint): Position {
  if (sequenceNumber !== undefined) return { after: sequenceNumber }
  return sinceMs === undefined ? { from: 'TRIM_HORIZON' } : { sinceMs }
}

function pageSizeOf({ settings }: SourceParts): number {
  return settings.batchSize * settings.parallelizationFactor
}
