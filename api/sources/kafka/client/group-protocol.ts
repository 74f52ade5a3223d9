import { setTimeout as wait } from 'node:timers/promises'
import { upTo, type Cluster } from './cluster.ts'
import type { TopicPartition } from '../records/partition.ts'
import { isProtocolError } from './protocol-errors.ts'
import { findLeaders } from './topics.ts'

/** A group, and its coordinator. */
export interface GroupParts {
  /** Connections only for the group, because a broker processes the requests of a connection one at a time. */
  readonly cluster: Cluster
  readonly groupId: string
  readonly topics: readonly string[]
  readonly sessionTimeoutMs: number
  readonly rebalanceTimeoutMs: number
}

/** A membership in one generation of the group. */
export interface Membership {
  readonly memberId: string
  readonly generationId: number
  readonly isLeader: boolean
  readonly assignment: Readonly<Record<string, readonly number[]>>
}

/** The strategy's name. All members must use the same one, including those of servers of earlier versions. */
const protocolName = 'RoundRobinAssigner'
const protocolType = 'consumer'
const groupInstanceId = null
const [searches, searchPauseMs] = [20, 250]

/** Finds the group's coordinator, which a new cluster takes a while to elect. */
export async function findCoordinator({ cluster, groupId }: Pick<GroupParts, 'cluster' | 'groupId'>): Promise<number> {
  for (let search = 1; ; search++) {
    try {
      const { coordinators } = await cluster.ask(cluster.api.FIND_COORDINATOR, { keyType: 0, keys: [groupId] })
      return coordinators[0]?.nodeId ?? -1
    } catch (error) {
      const isComing = isProtocolError(error, 'coordinatorNotAvailable', 'coordinatorLoading')
      if (!isComing || search === searches) throw error
      await wait(searchPauseMs)
    }
  }
}

/** A new generation of the group, before its partitions are assigned. */
export interface Generation extends Pick<Membership, 'memberId' | 'generationId' | 'isLeader'> {
  /** Ids of all members; only the leader gets them. */
  readonly memberIds: readonly string[]
}

/** Joins the group's next generation; `memberId` is the id from the generation before, or empty. */
export async function enterGroup(parts: GroupParts, coordinator: number, memberId: string): Promise<Generation> {
  const { cluster, groupId, topics, sessionTimeoutMs, rebalanceTimeoutMs } = parts
  const joined = await cluster.askNode(coordinator, cluster.api.JOIN_GROUP, {
    ...{ groupId, groupInstanceId, memberId, protocolType, sessionTimeoutMs, rebalanceTimeoutMs },
    protocols: [{ name: protocolName, metadata: { version: 0, topics: [...topics] } }],
    reason: null,
  })
  const isLeader = joined.leader === joined.memberId
  const memberIds = joined.members.map((member) => member.memberId)
  return { memberId: joined.memberId, generationId: joined.generationId, isLeader, memberIds }
}

/** Resolves with the member's assignment; the leader assigns the partitions. */
export async function divideGroup(
  parts: GroupParts,
  coordinator: number,
  { memberId, generationId, isLeader, memberIds }: Generation,
): Promise<Membership> {
  const { cluster, groupId } = parts
  const { assignment } = await cluster.askNode(coordinator, cluster.api.SYNC_GROUP, {
    ...{ groupId, groupInstanceId, memberId, generationId, protocolType, protocolName },
    assignments: isLeader ? assign(memberIds, await findPartitions(parts)) : [],
  })
  return { memberId, generationId, isLeader, assignment }
}

/** The member id for the next try when the error allows one; undefined when it is a failure. */
export function memberIdAfter(error: unknown, memberId: string): string | undefined {
  if (isProtocolError(error, 'memberIdRequired'))
    return (error as { response?: { memberId?: string } }).response?.memberId ?? ''
  if (isProtocolError(error, 'unknownMember')) return ''
  return isProtocolError(error, 'rebalanceInProgress', 'illegalGeneration') ? memberId : undefined
}

/** All partitions of the topics, in order. */
export async function findPartitions({ cluster, topics }: Pick<GroupParts, 'cluster' | 'topics'>) {
  const leaders = await findLeaders(cluster, topics)
  return topics.flatMap((topic) => (leaders.get(topic) ?? []).map(({ partition }) => ({ topic, partition })))
}

function assign(memberIds: readonly string[], partitions: readonly TopicPartition[]) {
  const members = memberIds.toSorted().map((memberId) => ({ memberId, assignment: new Map<string, number[]>() }))
  for (const [index, { topic, partition }] of partitions.entries()) {
    const assignment = members[index % members.length]?.assignment
    assignment?.set(topic, [...(assignment.get(topic) ?? []), partition])
  }
  return members.map(({ memberId, assignment }) => ({ memberId, assignment: Object.fromEntries(assignment) }))
}

type Member = Pick<Membership, 'memberId' | 'generationId'>

/** Sends a heartbeat to the coordinator; rejects when the member's generation has ended. */
export async function beat(parts: GroupParts, coordinator: number, member: Member): Promise<void> {
  const { cluster, groupId } = parts
  const { memberId, generationId } = member
  await cluster.askNode(coordinator, cluster.api.HEARTBEAT, { groupId, groupInstanceId, memberId, generationId })
}

/** Commits an offset of a partition. */
export async function commitOffset(
  { cluster, groupId }: GroupParts,
  coordinator: number,
  { memberId, generationId }: Member,
  { topic, partition, offset }: TopicPartition & { readonly offset: string },
): Promise<void> {
  const committed = { committedOffset: BigInt(offset), committedLeaderEpoch: -1, committedMetadata: null }
  // Newer versions refer to topics by id.
  await cluster.askNode(coordinator, upTo(cluster.api.OFFSET_COMMIT, 9), {
    ...{ groupId, groupInstanceId, memberId, generationIdOrMemberEpoch: generationId },
    topics: [{ name: topic, topicId: '', partitions: [{ partitionIndex: partition, ...committed }] }],
  })
}

/** The group's committed offsets in partitions of a topic; below 0 where it has committed none. */
export async function findCommitted(
  { cluster, groupId }: Pick<GroupParts, 'cluster' | 'groupId'>,
  coordinator: number,
  topic: string,
  partitions: readonly number[],
): Promise<string[]> {
  const { groups } = await cluster.askNode(coordinator, upTo(cluster.api.OFFSET_FETCH, 9), {
    groups: [{ groupId, topics: [{ name: topic, topicId: '', partitionIndexes: [...partitions] }] }],
    requireStable: false,
  })
  const found = groups.flatMap((group) => group.topics.flatMap((each) => each.partitions))
  return partitions.map((partition) =>
    String(found.find(({ partitionIndex }) => partitionIndex === partition)?.committedOffset ?? -1n),
  )
}

/** Leaves the group, so that other members get its partitions at once. */
export async function leaveGroup({ cluster, groupId }: GroupParts, coordinator: number, memberId: string) {
  await cluster.askNode(coordinator, cluster.api.LEAVE_GROUP, {
    groupId,
    members: [{ memberId, groupInstanceId, reason: null }],
  })
}

/** Whether the group's coordinator must be looked up again. */
export function hasMoved(error: unknown): boolean {
  return isProtocolError(error, 'notCoordinator', 'coordinatorNotAvailable', 'coordinatorLoading')
}
