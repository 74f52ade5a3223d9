import { setTimeout as wait } from 'node:timers/promises'
import type { Cluster } from './cluster.ts'
import {
  beat,
  commitOffset,
  divideGroup,
  enterGroup,
  findCoordinator,
  findPartitions,
  hasMoved,
  leaveGroup,
  memberIdAfter,
  type GroupParts,
  type Membership,
} from './group-protocol.ts'
import type { TopicPartition } from '../records/partition.ts'

export interface MembershipParts extends GroupParts {
  readonly heartbeatMs: number
  /** After this many heartbeats the leader checks whether the topics have new partitions. */
  readonly beatsPerLook: number
  /** Called with the member's assignment in each generation. */
  readonly assigned: (partitions: Membership['assignment']) => void
  /** Called with the reason when the membership ends unexpectedly. */
  readonly fail: (error: unknown) => void
}

/** A membership in a group across generations. */
export interface GroupMembership {
  /** Resolves with the first assignment; rejects when the group cannot be joined. */
  join(): Promise<void>
  coordinator(): number
  /** Rejects while the group is rebalancing. */
  commit(committed: TopicPartition & { readonly offset: string }): Promise<void>
  /** Leaves the group over other connections, since its own may be waiting for the next generation. */
  leave(cluster: Cluster): Promise<void>
}

/** After this many tries, a group that keeps rebalancing is a failure. */
const maxAttempts = 10
const tryPauseMs = 100

export function createMembership(parts: MembershipParts): GroupMembership {
  const left = new AbortController()
  let coordinator = -1
  let member: Membership = { memberId: '', generationId: -1, isLeader: false, assignment: {} }
  let dividedPartitions = 0

  /** Prepares the next try that the error allows; throws the error when it allows none. */
  const recover = async (error: unknown): Promise<'rejoin' | 'again'> => {
    const memberId = memberIdAfter(error, member.memberId)
    if (memberId === undefined && !hasMoved(error)) throw error
    if (memberId === undefined) coordinator = await findCoordinator(parts)
    else member = { ...member, memberId }
    return memberId === undefined ? 'again' : 'rejoin'
  }
  const enter = async (): Promise<void> => {
    for (let tries = 1; ; tries++) {
      try {
        const generation = await enterGroup(parts, coordinator, member.memberId)
        // The member is registered by now, even if it gets no assignment.
        member = { ...member, memberId: generation.memberId }
        member = await divideGroup(parts, coordinator, generation)
        break
      } catch (error) {
        if (left.signal.aborted || tries === maxAttempts) throw error
        await recover(error)
        // A new member gets its id with a first rejection.
        if (tries > 1) await wait(tryPauseMs)
      }
    }
    if (left.signal.aborted) return
    dividedPartitions = member.isLeader ? (await findPartitions(parts)).length : 0
    parts.assigned(member.assignment)
  }
  const keepAlive = async (): Promise<void> => {
    try {
      await beat(parts, coordinator, member)
    } catch (error) {
      if ((await recover(error)) === 'rejoin') await enter()
    }
  }
  const live = async (): Promise<void> => {
    for (let beats = 1; ; beats++) {
      await wait(parts.heartbeatMs, undefined, { signal: left.signal })
      await keepAlive()
      if (!member.isLeader || beats % parts.beatsPerLook !== 0) continue
      if ((await findPartitions(parts)).length !== dividedPartitions) await enter()
    }
  }
  return {
    coordinator: () => coordinator,
    async join() {
      coordinator = await findCoordinator(parts)
      await enter()
      live().catch((error: unknown) => {
        if (!left.signal.aborted) parts.fail(error)
      })
    },
    commit: (committed) => commitOffset(parts, coordinator, member, committed),
    async leave(cluster) {
      left.abort()
      if (member.memberId !== '') await leaveGroup({ ...parts, cluster }, coordinator, member.memberId)
    },
  }
}
