import { setTimeout as wait } from 'node:timers/promises'
import type { SourceParts } from '../../polling/source.ts'
import type { Assignments } from './assignments.ts'
import type { Cluster } from '../client/cluster.ts'
import { fetchFrom, type FetchedPartition, type FetchPosition } from '../client/fetch.ts'
import { nameOf, type TopicPartition } from '../records/partition.ts'
import { isProtocolError } from '../client/protocol-errors.ts'
import { readBatches } from '../records/record-batch.ts'
import { describeTopics, earliest, findOffsets } from '../client/topics.ts'

export interface FetchingParts {
  readonly cluster: Cluster
  readonly topics: readonly string[]
  readonly assignments: Pick<Assignments, 'wanted' | 'take'>
  /** Called when the records at a position were deleted, or never were. */
  readonly lost: SourceParts['lost']
  /** Called with a permanent error; fetching has stopped. */
  readonly fail: (error: unknown) => void
}

/** Fetches a member's partitions. */
export interface Fetching {
  /** Fetches newly wanted positions. */
  wake(): void
  stop(): void
}

/** How long a partition without a known leader waits. */
const moveMs = 250
const idleMs = 1_000

/** Fetches the wanted positions, with one request at a time to each broker for all partitions that it leads. */
export function startFetching({ cluster, topics, assignments, lost, fail }: FetchingParts): Fetching {
  const busy = new Set<number>()
  const identities = new Map<string, string>()
  let leaders: ReadonlyMap<string, number> | undefined
  let woken = Promise.withResolvers<undefined>()
  let isStopped = false
  const wake = () => woken.resolve(undefined)
  const stop = () => {
    isStopped = true
    wake()
  }

  const fetchAt = async (node: number, positions: readonly FetchPosition[]): Promise<void> => {
    busy.add(node)
    try {
      const fetched = await fetchFrom(cluster, node, positions)
      for (const each of fetched) {
        const position = positions.find((asked) => nameOf(asked) === nameOf(each))
        if (position !== undefined && !isStopped) await take(position, each)
      }
    } finally {
      busy.delete(node)
      wake()
    }
  }
  const take = async (position: FetchPosition, fetched: FetchedPartition): Promise<void> => {
    if (fetched.errorCode === 0) {
      const { records, next } = await readBatches(fetched.batches, position.offset, fetched.abortedTransactions)
      assignments.take(position, records, next)
    } else if (isProtocolError(fetched, 'offsetOutOfRange')) {
      await takeFirst({ cluster, assignments, lost }, position)
    } else if (hasMoved(fetched)) {
      leaders = undefined
      await wait(moveMs)
    } else throw Object.assign(new Error(`${nameOf(position)} cannot be read.`), { errorCode: fetched.errorCode })
  }
  const run = async (): Promise<void> => {
    while (!isStopped) {
      woken = Promise.withResolvers()
      const known = (leaders ??= await leadersOf(cluster, topics, identities))
      const byLeader = Map.groupBy(assignments.wanted(), (position) => known.get(nameOf(position)) ?? -1)
      if (byLeader.delete(-1)) leaders = undefined
      for (const [node, positions] of byLeader) if (!busy.has(node)) fetchAt(node, positions).catch(give)
      await Promise.race([woken.promise, wait(leaders === undefined ? moveMs : idleMs)])
    }
  }
  const give = (error: unknown): void => {
    if (isStopped) return
    stop()
    fail(error)
  }
  run().catch(give)
  return { wake, stop }
}

/** Rejects when a topic is another one than before: the positions are of the earlier one. */
async function leadersOf(
  cluster: Cluster,
  topics: readonly string[],
  identities: Map<string, string>,
): Promise<ReadonlyMap<string, number>> {
  const found = await describeTopics(cluster, topics)
  for (const [topic, { id }] of found) {
    if ((identities.get(topic) ?? id) !== id) throw new Error(`Topic ${topic} was created again.`)
    identities.set(topic, id)
  }
  return new Map(
    [...found].flatMap(([topic, { partitions }]) =>
      partitions.map(({ partition, leader }) => [nameOf({ topic, partition }), leader] as const),
    ),
  )
}

/** Continues at the first offset that still exists. */
async function takeFirst(
  { cluster, assignments, lost }: Pick<FetchingParts, 'cluster' | 'assignments' | 'lost'>,
  position: FetchPosition,
): Promise<void> {
  const first = await firstOffset(cluster, position)
  // A broker that has just become the leader may not know its offsets yet.
  if (first === position.offset) return wait(moveMs)
  const missing = `the topic has no offset ${position.offset}`
  lost(nameOf(position), `${missing}. Reading continues at ${first}, the oldest one.`)
  assignments.take(position, [], first)
}

/** The first offset that still exists. */
async function firstOffset(cluster: Cluster, { topic, partition }: TopicPartition): Promise<bigint> {
  const offsets = await findOffsets(cluster, topic, earliest)
  return BigInt(offsets.find((each) => each.partition === partition)?.offset ?? 0)
}

function hasMoved(fetched: FetchedPartition): boolean {
  return isProtocolError(
    fetched,
    'unknownTopicOrPartition',
    'leaderNotAvailable',
    'notLeader',
    'replicaNotAvailable',
    'storage',
    'fencedLeaderEpoch',
    'unknownLeaderEpoch',
    'offsetNotAvailable',
  )
}
