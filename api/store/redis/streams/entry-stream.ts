import type { EntryStream, StreamEntry } from '../../../sources/redis-streams/entry-stream.ts'
import { isBefore } from '../../../sources/redis-streams/entry-id.ts'
import { connectToRedis, type RedisConnection } from '../connection/connection.ts'

export interface EntryStreamOptions {
  readonly url: string
  readonly key: string
  readonly group: string
}

/** All servers use the same consumer name. One reads at a time, so the next server owns the pending entries of a dead one. */
const consumer = 'kubelambda'
const startMs = 3_000
const maxWaitMs = 1_000

type Reply = [key: Buffer, entries: [id: Buffer, fields: Buffer[] | null][]][] | null

/** Connects to a stream for one reader, whose blocking reads may occupy the connection. */
export async function openEntryStream({ url, key, group }: EntryStreamOptions): Promise<EntryStream> {
  const log = { info: () => undefined, warn: () => undefined }
  const signal = AbortSignal.timeout(startMs)
  const connection = await connectToRedis({ url, log, signal, setting: 'KUBELAMBDA_REDIS_SOURCES' })
  const run: RedisConnection['run'] = (work) => connection.run(work)
  const acknowledge = async (ids: readonly string[]): Promise<void> => {
    if (ids.length > 0) await run((redis) => redis.xack(key, group, ...ids))
  }
  return {
    isStream: async () => ['none', 'stream'].includes(await run((redis) => redis.type(key))),
    lastId: async () => lastIdOf(connection, key),
    createGroup: (after) => createGroup(connection, key, group, after),
    async removeGroup() {
      if ((await run((redis) => redis.type(key))) === 'stream')
        await run((redis) => redis.xgroup('DESTROY', key, group))
    },
    missed: () => countMissed(connection, key, group),
    async pending(after, most) {
      for (let deleted = 0; ;) {
        const reply = await run((redis) =>
          redis.xreadgroupBuffer('GROUP', group, consumer, 'COUNT', most, 'STREAMS', key, after),
        )
        const { entries, trimmed } = entriesIn(reply)
        await acknowledge(trimmed)
        deleted += trimmed.length
        // A page with only trimmed entries is not the end.
        if (entries.length > 0 || trimmed.length === 0) return { entries, deleted }
      }
    },
    async next(most, waitMs) {
      const limits = ['GROUP', group, consumer, 'COUNT', most] as const
      const block = Math.min(Math.ceil(waitMs), maxWaitMs)
      const reply = await run((redis) =>
        block > 0
          ? redis.xreadgroupBuffer(...limits, 'BLOCK', block, 'STREAMS', key, '>')
          : redis.xreadgroupBuffer(...limits, 'STREAMS', key, '>'),
      )
      return entriesIn(reply).entries
    },
    acknowledge,
    close: () => connection.close(),
  }
}

async function lastIdOf(connection: RedisConnection, key: string): Promise<string> {
  if ((await connection.run((redis) => redis.exists(key))) === 0) return '0-0'
  const info = (await connection.run((redis) => redis.xinfo('STREAM', key))) as unknown[]
  return String(valueOf(info, 'last-generated-id'))
}

/**
 * Of the entries that were added and not read, the stream has those that were not deleted. The group's count of read entries is
 * corrected by those that were, so that they count once.
 */
async function countMissed(connection: RedisConnection, key: string, group: string): Promise<number | 'unknown'> {
  const [groups, length] = await connection.run((redis) =>
    Promise.all([redis.xinfo('GROUPS', key) as Promise<unknown[][]>, redis.xlen(key)]),
  )
  const described = groups.find((each) => valueOf(each, 'name') === group) ?? []
  const [read, lag] = [valueOf(described, 'entries-read'), valueOf(described, 'lag')]
  const delivered = valueOf(described, 'last-delivered-id')
  const last = typeof delivered === 'string' ? delivered : '0-0'
  if (typeof read !== 'number' || typeof lag !== 'number') {
    const [[first] = []] = await connection.run((redis) => redis.xrange(key, '-', '+', 'COUNT', 1))
    return last !== '0-0' && first !== undefined && isBefore(last, first) ? 'unknown' : 0
  }
  const missed = lag - length
  if (missed <= 0) return 0
  await connection.run((redis) => redis.xgroup('SETID', key, group, last, 'ENTRIESREAD', read + missed))
  return missed
}

/** A value in a list of names and values. */
function valueOf(described: readonly unknown[], name: string): unknown {
  const at = described.indexOf(name)
  return at < 0 ? undefined : described[at + 1]
}

async function createGroup(connection: RedisConnection, key: string, group: string, after: string): Promise<boolean> {
  try {
    await connection.run((redis) => redis.xgroup('CREATE', key, group, after, 'MKSTREAM'))
    return true
  } catch (error) {
    const isThere =
      error instanceof Error && error.cause instanceof Error && error.cause.message.startsWith('BUSYGROUP')
    if (!isThere) throw error
    return false
  }
}

/** Entries without fields were trimmed. */
function entriesIn(reply: Reply): { entries: StreamEntry[]; trimmed: string[] } {
  const [, found] = reply?.[0] ?? [undefined, []]
  const entries = found.flatMap(([id, fields]) =>
    fields === null ? [] : [{ id: id.toString(), fields: pairsOf(fields) }],
  )
  return { entries, trimmed: found.filter(([, fields]) => fields === null).map(([id]) => id.toString()) }
}

function pairsOf(all: readonly Buffer[]): [Buffer, Buffer][] {
  return Array.from({ length: all.length / 2 }, (_, at) => [all[2 * at], all[2 * at + 1]] as [Buffer, Buffer])
}
