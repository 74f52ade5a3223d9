import type { EntryStream, OpenEntryStream, StreamEntry } from './entry-stream.ts'
import { readEntryStreamArn } from './arn.ts'
import { isBefore } from './entry-id.ts'
import { describeStreamBatch } from '../batches/failure-record.ts'
import { createFilter, type Filter } from '../filters/filter.ts'
import type { Lease } from '../polling/lease.ts'
import { isOver } from '../polling/pause.ts'
import { maxBytes, splitBySize } from '../batches/batch-size.ts'
import { redisRecord } from './record.ts'
import { SourceFault, type Source, type SourceParts } from '../polling/source.ts'
import { runStreamBatch, type BatchParts } from '../batches/stream-batch.ts'

/** The dependencies of a source that reads Redis streams. */
export interface RedisStreamsParts extends SourceParts {
  readonly openEntryStream: OpenEntryStream
}

const part = 'stream'
/** Entries per reply: their size is known only after they are received. */
const maxPerRead = 100
const maxWaitMs = 1_000

/**
 * Runs the entries of a Redis stream as a consumer group of the mapping's own.
 *
 * 1. begin         a group behind the mapping's starting position, once
 * 2. gather        pending entries that a dead server or an aborted poll left; else new entries
 * 3. filter        entries that do not match are acknowledged
 * 4. run           the rest, one batch after the other                  ../batches/stream-batch.ts
 * 5. acknowledge   entries that succeeded, or were discarded
 *
 * The group is the checkpoint. Between two batches this server has no pending entries, so that all pending ones are taken over.
 */
export function createRedisStreamsSource(parts: RedisStreamsParts): Source {
  return {
    parts: () => Promise.resolve([part]),
    async poll(_part, lease, signal) {
      const stream = await openStream(parts)
      try {
        await begin(stream, lease, parts)
        parts.reached()
        const filter = createFilter(parts.settings.filters, { key: 'redisStream' })
        while (!isOver(signal)) {
          const entries = await gather(stream, parts, signal)
          if (isOver(signal)) return
          await runEntries(entries, stream, filter, parts, signal)
        }
      } finally {
        stream.close()
      }
    },
    async remove() {
      const stream = await openStream(parts)
      await stream.removeGroup().finally(() => stream.close())
    },
  }
}

async function openStream({ settings, openEntryStream }: RedisStreamsParts): Promise<EntryStream> {
  const { uuid, sourceArn } = settings
  const { server = '', key = '' } = readEntryStreamArn(sourceArn) ?? {}
  const stream = await openEntryStream(server, key, `kubelambda:${uuid}`)
  if (stream === undefined) throw new SourceFault(`Stream not found: ${sourceArn}`)
  return stream
}

/**
 * Stores where reading began, so that a group that was deleted begins there again: its position is lost. A stream that was
 * created again and whose ids are lower is read from its beginning.
 */
async function begin(stream: EntryStream, lease: Lease, { settings, checkpoints, lost }: SourceParts): Promise<void> {
  if (!(await stream.isStream())) throw new SourceFault(`Stream not found: ${settings.sourceArn}`)
  const known = (await checkpoints.find(part))?.sequenceNumber
  const start = known ?? (await startOf(stream, settings))
  const isForeign = known !== undefined && isBefore(await stream.lastId(), known)
  const after = isForeign ? '0-0' : start
  if (known !== after) await checkpoints.save(part, { sequenceNumber: after }, lease.fence)
  const isNew = await stream.createGroup(after)
  if (isNew && known !== undefined)
    lost(nameIn(settings), `its consumer group was deleted. Reading begins again after ${after}.`)
}

function nameIn({ sourceArn }: SourceParts['settings']): string {
  return readEntryStreamArn(sourceArn)?.key ?? sourceArn
}

/** Ids begin with the time at which they were generated. */
async function startOf(stream: EntryStream, settings: SourceParts['settings']): Promise<string> {
  const { startingPosition, startingTimestampMs = 0 } = settings
  if (startingPosition === 'LATEST') return stream.lastId()
  if (startingPosition === 'TRIM_HORIZON' || startingTimestampMs < 1) return '0-0'
  return `${startingTimestampMs - 1}-18446744073709551615`
}

async function gather(
  stream: EntryStream,
  { settings, now, lost }: SourceParts,
  signal: AbortSignal,
): Promise<StreamEntry[]> {
  const entries: StreamEntry[] = []
  let bytes = 0
  const isFull = () => entries.length >= settings.batchSize || bytes >= maxBytes
  /** Returns false if there were no entries. */
  const take = async (read: (most: number) => Promise<StreamEntry[]>): Promise<boolean> => {
    const some = await read(Math.min(maxPerRead, settings.batchSize - entries.length))
    entries.push(...some)
    for (const { fields } of some) for (const pair of fields) bytes += pair[0].length + pair[1].length
    return some.length > 0
  }
  const reportDeleted = (count: number | string) =>
    lost(nameIn(settings), `${count} of its entries were deleted before they were run.`)
  const takePending = async (most: number) => {
    const { entries: some, deleted } = await stream.pending(entries.at(-1)?.id ?? '0-0', most)
    if (deleted > 0) reportDeleted(deleted)
    return some
  }
  while (!isFull() && (await take(takePending)));
  const missed = entries.length > 0 ? 0 : await stream.missed()
  if (missed !== 0) reportDeleted(missed === 'unknown' ? 'an unknown number' : missed)
  const next = (waitMs: number) => take((most) => waitFor(stream, most, waitMs, signal))
  if (entries.length > 0 || !(await next(maxWaitMs))) return entries
  const endMs = now() + settings.batchingWindowSeconds * 1000
  while (!isFull() && !isOver(signal)) {
    const waitMs = endMs - now()
    if (!(await next(waitMs)) && now() >= endMs) break
  }
  return entries
}

/**
 * Returns when the signal aborts. Entries that were delivered to a closed connection are pending, and are read by the next
 * poll.
 */
async function waitFor(stream: EntryStream, most: number, waitMs: number, signal: AbortSignal): Promise<StreamEntry[]> {
  const hangUp = () => stream.close()
  signal.addEventListener('abort', hangUp, { once: true })
  try {
    return await stream.next(most, waitMs)
  } catch (error) {
    if (isOver(signal)) return []
    throw error
  } finally {
    signal.removeEventListener('abort', hangUp)
  }
}

async function runEntries(
  entries: readonly StreamEntry[],
  stream: EntryStream,
  filter: Filter,
  parts: SourceParts,
  signal: AbortSignal,
): Promise<void> {
  const { sourceArn } = parts.settings
  const { key = '' } = readEntryStreamArn(sourceArn) ?? {}
  const records = entries.map((entry) => redisRecord(entry, key, sourceArn))
  const wanted = records.filter(({ event, data }) => filter(event, data))
  const done = (some: readonly { readonly sequenceNumber: string }[]) =>
    stream.acknowledge(some.map(({ sequenceNumber }) => sequenceNumber))
  await done(records.filter((record) => !wanted.includes(record)))
  const batch: BatchParts = {
    ...parts,
    describe: (failure) => describeStreamBatch(failure, parts, 'RedisStreamBatchInfo', part),
    eventOf: (some) => ({ Records: some.map(({ event }) => event) }),
    onAnswer: () => undefined,
    onDone: done,
  }
  for (const some of splitBySize(wanted)) if (!isOver(signal)) await runStreamBatch(some, batch, signal)
}
