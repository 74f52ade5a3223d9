import { pause } from '../../polling/pause.ts'
import type { SourceParts } from '../../polling/source.ts'
import { createAssignments, type Assignments } from './assignments.ts'
import type { Cluster } from '../client/cluster.ts'
import { findCommitted } from '../client/group-protocol.ts'
import { createMembership, type GroupMembership } from '../client/membership.ts'
import { nameOf, type TopicPartition } from '../records/partition.ts'
import { startFetching } from './fetching.ts'

/** A member of a consumer group. After a failure it cannot be used any more: a new member must join. */
export interface GroupMember extends Pick<Assignments, 'names' | 'read'> {
  /** The group's committed offset; undefined when it has committed none for the partition. */
  committed(topicPartition: TopicPartition): Promise<string | undefined>
  /** Commits an offset; rejects when that does not succeed in time. */
  commit(topicPartition: TopicPartition, offset: string): Promise<void>
  /** Why the membership has failed; undefined while it has not. */
  failure(): Error | undefined
  /** Leaves the group, so that other members get its partitions at once. */
  leave(): Promise<void>
}

export interface GroupMemberParts {
  /** Connections only for the group protocol, because a broker processes the requests of a connection one at a time. */
  readonly own: Cluster
  /** Connections for fetching records. */
  readonly cluster: Cluster
  readonly groupId: string
  readonly topics: readonly string[]
  readonly lost: SourceParts['lost']
}

/** The group removes a dead member after the session timeout, and the others learn of it with their next heartbeat. */
const times = { sessionTimeoutMs: 6_000, heartbeatMs: 2_000, rebalanceTimeoutMs: 10_000, beatsPerLook: 30 }
const commitAttempts = 20
const commitPauseMs = 500

/** Joins the group; resolves when it has its first assignment. */
export async function joinGroup({ own, cluster, groupId, topics, lost }: GroupMemberParts): Promise<GroupMember> {
  const state: { failure: Error | undefined } = { failure: undefined }
  const assignments = createAssignments(() => fetching.wake())
  const fail = (error: unknown): void => {
    state.failure ??= error instanceof Error ? error : new Error(String(error))
    fetching.stop()
    assignments.end()
  }
  const fetching = startFetching({ cluster, topics, assignments, lost, fail })
  const membership = createMembership({
    ...{ cluster: own, groupId, topics, ...times },
    assigned: (partitions) => assignments.assign(partitions),
    fail,
  })
  try {
    await membership.join()
  } catch (error) {
    fetching.stop()
    throw error
  }
  return {
    names: () => assignments.names(),
    read: (topicPartition, offset, reader) => assignments.read(topicPartition, offset, reader),
    async committed({ topic, partition }) {
      const coordinator = membership.coordinator()
      const [offset = '-1'] = await findCommitted({ cluster, groupId }, coordinator, topic, [partition])
      return Number(offset) < 0 ? undefined : offset
    },
    commit: (topicPartition, offset) => commit(membership, topicPartition, offset, () => state.failure),
    failure: () => state.failure,
    async leave() {
      fetching.stop()
      assignments.end()
      await membership.leave(cluster).catch(() => undefined)
    },
  }
}

/** Retries while the group is rebalancing, because it accepts no offsets meanwhile. */
async function commit(
  membership: Pick<GroupMembership, 'commit'>,
  topicPartition: TopicPartition,
  offset: string,
  failure: () => unknown,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await membership.commit({ ...topicPartition, offset })
      return
    } catch (cause) {
      if (attempt === commitAttempts || failure() !== undefined)
        throw new Error(`Offset ${offset} of ${nameOf(topicPartition)} cannot be committed.`, { cause })
      await pause(commitPauseMs, new AbortController().signal)
    }
  }
}
