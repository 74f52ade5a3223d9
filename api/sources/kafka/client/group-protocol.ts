import { setTimeout as wait } from 'node:timers/promises'
import { upTo, type Cluster } from './cluster.ts'
import type { TopicPartition } from '../records/partition.ts'
import { isProtocolError } from './protocol-errors.ts'
import { findLeaders } from './topics.ts'

/** A group, and who coordinates it. */
export interface GroupParts {
  /** Its connections are of the group alone: a broker answers one request of a connection after the other. */
  readonly cluster: Cluster
  readonly groupId: string
  readonly topics: readonly string[]
  readonly sessionTimeoutMs: number
  readonly rebalanceTimeoutMs: number
}

/** What a member is for one generation of its group. */
export interface Membership {
  readonly memberId: string
  readonly generationId: number
  readonly isLeader: boolean
  readonly assignment: Readonly<Record<string, readonly number[]>>
}

/** The strategy's name, which all members have to know: servers of versions before have members in the same group. */
const protocolName = 'RoundRobinAssigner'
const protocolType = 'consumer'
const groupInstanceId = null
const [searches, searchPauseMs] = [20, 250]

/** Finds the broker that coordinates the group; a cluster that is new takes a while to choose it. */
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

/** A generation of the group that has begun, and is not yet divided. */
export interface Generation extends Pick<Membership, 'memberId' | 'generationId' | 'isLeader'> {
  /** Of all members; only the leader is told. */
  readonly memberIds: readonly string[]
}

/** Joins the group's next generation; `memberId` is that of the generation before, or empty. */
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

/** Resolves with what the member gets; the leader divides the partitions. */
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

/** The member's id for the next try where the error only asks for one more; nothing where it is a failure. */
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

/** Tells the coordinator that the member is alive; rejects when its generation has ended. */
export async function beat(parts: GroupParts, coordinator: number, member: Member): Promise<void> {
  const { cluster, groupId } = parts
  const { memberId, generationId } = member
  await cluster.askNode(coordinator, cluster.api.HEARTBEAT, { groupId, groupInstanceId, memberId, generationId })
}

/** Makes the group stand at an offset of a partition. */
export async function commitOffset(
  { cluster, groupId }: GroupParts,
  coordinator: number,
  { memberId, generationId }: Member,
  { topic, partition, offset }: TopicPartition & { readonly offset: string },
): Promise<void> {
  const committed = { committedOffset: BigInt(offset), committedLeaderEpoch: -1, committedMetadata: null }
  // Newer versions name topics by their ids.
  await cluster.askNode(coordinator, upTo(cluster.api.OFFSET_COMMIT, 9), {
    ...{ groupId, groupInstanceId, memberId, generationIdOrMemberEpoch: generationId },
    topics: [{ name: topic, topicId: '', partitions: [{ partitionIndex: partition, ...committed }] }],
  })
}

/** Where the group stands in partitions of a topic; below 0 where it has committed nothing. */
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

/** Leaves the group, so that others have the member's partitions at once. */
export async function leaveGroup({ cluster, groupId }: GroupParts, coordinator: number, memberId: string) {
  await cluster.askNode(coordinator, cluster.api.LEAVE_GROUP, {
    groupId,
    members: [{ memberId, groupInstanceId, reason: null }],
  })
}

/** Whether the group's coordinator has to be found anew. */
export function hasMoved(error: unknown): boolean {
  return isProtocolError(error, 'notCoordinator', 'coordinatorNotAvailable', 'coordinatorLoading')
}
