import { ExpiredIterator, PositionNotFound, StreamNotFound } from './stream-call.ts'
import type { Checkpoint } from '../polling/checkpoints.ts'
import { createFilter } from '../filters/filter.ts'
import type { Lease } from '../polling/lease.ts'
import { isOver, pause } from '../polling/pause.ts'
import { createProvenance, type Provenance } from './provenance.ts'
import { openShardWorkers } from './shard-workers.ts'
import type { Source, SourceParts } from '../polling/source.ts'
import type { Page, Position, Shard, Stream } from './stream.ts'

/**
 * Runs the records of a stream (reference 8.3).
 *
 * 1. begin    at the mapping's starting position, once               provenance.ts
 * 2. shards   whose parents are read to their end
 * 3. read     after the shard's checkpoint, page by page; at the oldest record if the stream no longer has it (reference 13.6)
 * 4. run      batches, in parallel by key                            shard-workers.ts
 * 5. save     the checkpoint
 */
export function createStreamSource(stream: Stream, parts: SourceParts): Source {
  const provenance = createProvenance(stream, parts)
  return {
    async parts() {
      const shards = await stream.shards()
      await provenance.check()
      return readyShards(shards, parts)
    },
    async poll(shardId, lease, signal) {
      try {
        await pollShard({ stream, shardId, lease, parts, provenance }, signal)
      } catch (error) {
        provenance.doubt()
        throw error
      }
    },
  }
}

async function readyShards(shards: readonly Shard[], { checkpoints, lost }: SourceParts): Promise<string[]> {
  const saved = await checkpoints.list()
  const known = new Set(shards.map(({ id }) => id))
  for (const [id, { isEnded = false, isGone = false }] of saved) {
    if (isEnded || isGone || known.has(id)) continue
    lost(id, 'the stream no longer has the shard, which was not read to its end.')
    await checkpoints.amend(id, { isGone: true })
  }
  const isEnded = (id: string) => saved.get(id)?.isEnded === true
  const isReady = ({ id, parentIds }: Shard) =>
    !isEnded(id) && parentIds.every((parent) => isEnded(parent) || !known.has(parent))
  return shards.filter(isReady).map(({ id }) => id)
}

interface ShardPoll {
  readonly stream: Stream
  readonly shardId: string
  readonly lease: Lease
  readonly parts: SourceParts
  readonly provenance: Provenance
}

/** Reads a shard from its checkpoint on. When the stream no longer has that position, from its oldest record on. */
async function pollShard(poll: ShardPoll, signal: AbortSignal): Promise<void> {
  const { shardId, lease, parts, provenance } = poll
  await provenance.check()
  for (;;) {
    const checkpoint = (await parts.checkpoints.find(shardId)) ?? {}
    try {
      await readShard(poll, checkpoint, signal)
      return
    } catch (error) {
      if (error instanceof StreamNotFound && !(await isThere(poll))) {
        provenance.doubt()
        return
      }
      if (!(error instanceof PositionNotFound) || isOver(signal)) throw error
      const { sequenceNumber, window } = (await parts.checkpoints.find(shardId)) ?? {}
      if (sequenceNumber === undefined) throw error
      const position = `the stream no longer has what follows sequence number ${sequenceNumber}`
      parts.lost(shardId, `${position} (${error.message}). Reading continues at the oldest record.`)
      await parts.checkpoints.save(shardId, window === undefined ? {} : { window }, lease.fence)
    }
  }
}

/** Whether the stream still has the shard. If it does not, the next look at the shards reports the loss. */
async function isThere({ stream, shardId }: ShardPoll): Promise<boolean> {
  return (await stream.shards()).some(({ id }) => id === shardId)
}

async function readShard(
  { stream, shardId, lease, parts }: ShardPoll,
  checkpoint: Checkpoint,
  signal: AbortSignal,
): Promise<void> {
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
        workers.push(record, record.arrivedMs >= oldestMs && passes(record.metadata ?? record.event, record.data))
        position = { after: record.sequenceNumber }
      }
      await workers.saveProgress()
      next = page.next
      await workers.waitForCapacity(inner)
      if (next !== undefined) await pause(stream.pollMs, inner)
    }
    if (!isOver(inner)) await finish(shardId, lease, parts, workers.end())
  } catch (error) {
    // What was read before is run first.
    if (error instanceof PositionNotFound) await workers.end()
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
