import { pause } from '../../polling/pause.ts'
import { createAssignments, type Assignments } from './assignments.ts'
import type { Cluster } from '../client/cluster.ts'
import { findCommitted } from '../client/group-protocol.ts'
import { createMembership, type GroupMembership } from '../client/membership.ts'
import { nameOf, type TopicPartition } from '../records/partition.ts'
import { startFetching } from './fetching.ts'

/** A member of a consumer group, and what it may read. One that has failed stays so: another one has to join. */
export interface GroupMember extends Pick<Assignments, 'names' | 'read'> {
  /** Where the group stands; nothing when it has committed nothing for the partition. */
  committed(topicPartition: TopicPartition): Promise<string | undefined>
  /** Makes the group stand at an offset; rejects when that cannot be had in a while. */
  commit(topicPartition: TopicPartition, offset: string): Promise<void>
  /** Why it has ended; nothing while it is well. */
  failure(): Error | undefined
  /** Leaves the group, so that others have its partitions at once. */
  leave(): Promise<void>
}

export interface GroupMemberParts {
  /** Connections of the member alone: a broker answers one request of a connection after the other. */
  readonly own: Cluster
  /** Connections that records are fetched by. */
  readonly cluster: Cluster
  readonly groupId: string
  readonly topics: readonly string[]
}

/** A member that died is known to be dead after the session's time, and the others learn it with their next heartbeat. */
const times = { sessionTimeoutMs: 6_000, heartbeatMs: 2_000, rebalanceTimeoutMs: 10_000, beatsPerLook: 30 }
const commitAttempts = 20
const commitPauseMs = 500

/** Joins the group; resolves when it has its first assignment. */
export async function joinGroup({ own, cluster, groupId, topics }: GroupMemberParts): Promise<GroupMember> {
  const state: { failure: Error | undefined } = { failure: undefined }
  const assignments = createAssignments(() => fetching.wake())
  const fail = (error: unknown): void => {
    state.failure ??= error instanceof Error ? error : new Error(String(error))
    fetching.stop()
    assignments.end()
  }
  const fetching = startFetching({ cluster, topics, assignments, fail })
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

/** A group that is dividing its partitions anew takes no offsets: then it is tried again. */
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
