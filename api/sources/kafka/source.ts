import { SourceFault, type Source, type SourceParts } from '../polling/source.ts'
import { findClusterAccess } from './connection/cluster-access.ts'
import { openCluster, type Cluster } from './client/cluster.ts'
import { kafkaFault } from './connection/faults.ts'
import { joinGroup, type GroupMember } from './partitions/group-member.ts'
import { nameOf, partitionNamed, type TopicPartition } from './records/partition.ts'
import { createOffsets, findLeaders } from './client/topics.ts'
import { pollPartition } from './partitions/partition-poll.ts'
import { keepStartOffsets, startOffset } from './partitions/start-offsets.ts'
import { createTopicSender, type TopicSender } from './on-failure/topic-sender.ts'

/** A server's connections to a cluster while it is a member of the mapping's group. */
interface Membership {
  readonly member: GroupMember
  /** Connections for records and offsets, and for heartbeats. */
  readonly clusters: readonly [data: Cluster, own: Cluster]
  readonly sender: TopicSender
  readonly bootstrapServers: readonly string[]
}

/**
 * Runs the records of a Kafka topic (reference 8.4).
 *
 * 1. join    the mapping's consumer group, which divides the partitions between servers     partitions/group-member.ts
 * 2. lease   each partition, so that the server that polled it before has stopped           ../polling/runner.ts
 * 3. begin   at the committed offset, else at the starting position                         partitions/start-offsets.ts
 * 4. run     its records, and commit the completed ones                                     partitions/partition-poll.ts
 */
export function createKafkaSource(parts: SourceParts): Source {
  let membership: Membership | undefined
  const leave = async (): Promise<void> => {
    const left = membership
    membership = undefined
    await left?.member.leave()
    await left?.sender.close()
    await Promise.all((left?.clusters ?? []).map((cluster) => cluster.close()))
  }
  const current = async (): Promise<Membership> => {
    const failure = membership?.member.failure()
    if (failure !== undefined) {
      await leave()
      throw failure
    }
    if (membership !== undefined) return membership
    membership = await join(parts)
    parts.reached()
    return membership
  }
  return {
    async parts() {
      try {
        return (await current()).member.names()
      } catch (error) {
        throw kafkaFault(error, parts.settings.kafka.topics)
      }
    },
    async poll(part, _lease, signal) {
      if (membership === undefined) return
      const { member, sender, bootstrapServers } = membership
      const topicPartition = partitionNamed(part)
      if (!member.names().includes(nameOf(topicPartition))) return
      const offset = await beginning(membership, topicPartition, parts)
      await pollPartition({ source: parts, member, topicPartition, offset, bootstrapServers, sender }, signal)
    },
    close: leave,
  }
}

async function join(parts: SourceParts): Promise<Membership> {
  const { kafka: asked } = parts.settings
  if (asked.hasSchemaRegistry) throw new SourceFault('Schema registries are not supported here.')
  const access = await findClusterAccess(parts)
  const { topics, consumerGroupId: groupId } = asked
  const clusters: Cluster[] = []
  const open = async (): Promise<Cluster> => {
    const cluster = await openCluster(access)
    clusters.push(cluster)
    return cluster
  }
  try {
    const cluster = await open()
    await findLeaders(cluster, topics)
    await keepStartOffsets(createOffsets(cluster), parts)
    const own = await open()
    const member = await joinGroup({ own, cluster, groupId, topics, lost: parts.lost })
    const sender = createTopicSender(() => openCluster(access))
    return { member, clusters: [cluster, own], sender, bootstrapServers: access.bootstrapServers }
  } catch (error) {
    await Promise.all(clusters.map((cluster) => cluster.close()))
    throw error
  }
}

async function beginning(
  { member, clusters }: Membership,
  topicPartition: TopicPartition,
  parts: SourceParts,
): Promise<string> {
  return (
    (await member.committed(topicPartition)) ?? (await startOffset(createOffsets(clusters[0]), topicPartition, parts))
  )
}
