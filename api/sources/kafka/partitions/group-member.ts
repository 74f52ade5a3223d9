import type { Admin, Consumer, Kafka } from 'kafkajs'
import { pause } from '../../polling/pause.ts'
import { createAssignments, type Assignments } from './assignments.ts'
import { nameOf, type Partition } from '../records/partition.ts'

/** A member of a consumer group, and what it may read. One that has failed stays so: another one has to join. */
export interface GroupMember extends Pick<Assignments, 'names' | 'read'> {
  /** Where the group stands; nothing when it has committed nothing for the partition. */
  committed(place: Partition): Promise<string | undefined>
  /** Makes the group stand at an offset; rejects when that cannot be had in a while. */
  commit(place: Partition, offset: string): Promise<void>
  /** Why it has ended; nothing while it is well. */
  failure(): Error | undefined
  /** Leaves the group, so that others have its partitions at once. */
  leave(): Promise<void>
}

export interface GroupMemberParts {
  readonly kafka: Kafka
  readonly admin: Admin
  readonly groupId: string
  readonly topics: readonly string[]
}

/** A member that died is known to be dead after the session's time, and the others learn it with their next heartbeat. */
const times = { sessionTimeout: 6_000, heartbeatInterval: 2_000, rebalanceTimeout: 10_000, maxWaitTimeInMs: 500 }
const retry = { retries: 2, maxRetryTime: 2_000, restartOnFailure: () => Promise.resolve(false) }
const commitAttempts = 20
const commitPauseMs = 500

/** Joins the group; resolves when it has its first assignment. */
export async function joinGroup({ kafka, admin, groupId, topics }: GroupMemberParts): Promise<GroupMember> {
  const consumer = kafka.consumer({ groupId, ...times, retry, allowAutoTopicCreation: false })
  const assignments = createAssignments(consumer)
  const joined = Promise.withResolvers<undefined>()
  joined.promise.catch(() => undefined)
  const state: { failure: Error | undefined } = { failure: undefined }
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    assignments.assign(payload.memberAssignment)
    joined.resolve(undefined)
  })
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    state.failure = payload.error
    assignments.end()
    joined.reject(payload.error)
  })
  try {
    await consumer.connect()
    await consumer.subscribe({ topics: [...topics], fromBeginning: true })
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      eachBatch: (payload) => assignments.take(payload),
    })
    await joined.promise
  } catch (error) {
    await consumer.disconnect().catch(() => undefined)
    throw error
  }
  return {
    names: () => assignments.names(),
    read: (place, offset, reader) => assignments.read(place, offset, reader),
    committed: (place) => committedIn(admin, groupId, place),
    commit: (place, offset) => commit(consumer, place, offset, () => state.failure),
    failure: () => state.failure,
    leave: () => consumer.disconnect().catch(() => undefined),
  }
}

async function committedIn(admin: Admin, groupId: string, { topic, partition }: Partition) {
  const [found] = await admin.fetchOffsets({ groupId, topics: [topic] })
  const offset = found?.partitions.find((each) => each.partition === partition)?.offset ?? '-1'
  return Number(offset) < 0 ? undefined : offset
}

/** A group that is dividing its partitions anew takes no offsets: then it is tried again. */
async function commit(
  consumer: Pick<Consumer, 'commitOffsets'>,
  place: Partition,
  offset: string,
  failure: () => unknown,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await consumer.commitOffsets([{ ...place, offset }])
      return
    } catch (cause) {
      if (attempt === commitAttempts || failure() !== undefined)
        throw new Error(`Offset ${offset} of ${nameOf(place)} cannot be committed.`, { cause })
      await pause(commitPauseMs, new AbortController().signal)
    }
  }
}
