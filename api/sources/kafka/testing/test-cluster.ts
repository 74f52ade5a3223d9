import type { Cluster } from '../client/cluster.ts'
import { findCommitted, findCoordinator } from '../client/group-protocol.ts'
import { batchOf, produce, type OutgoingMessage } from '../client/produce.ts'
import { findLeaders } from '../client/topics.ts'

/** A message for a partition, the first unless given. */
export type TestMessage = OutgoingMessage & { readonly partition?: number }

/** A cluster for tests. */
export interface TestCluster {
  /** `host:port` of its broker. */
  readonly address: string
  /** Creates a topic with this many partitions. */
  newTopic(name: string, partitions: number): Promise<void>
  send(topic: string, messages: readonly TestMessage[]): Promise<void>
  /** The committed offset of each partition, `-1` for none. */
  committed(groupId: string, topic: string): Promise<string[]>
  close(): Promise<void>
}

/** Writes to topics and reads the offsets of groups. */
export function testAccess(cluster: Cluster): Pick<TestCluster, 'send' | 'committed'> {
  return {
    async send(topic, messages) {
      const byPartition = Map.groupBy(messages, ({ partition = 0 }) => partition)
      for (const [partition, sent] of byPartition) await putBatch(cluster, topic, partition, batchOf(sent, Date.now()))
    },
    async committed(groupId, topic) {
      const partitions = (await findLeaders(cluster, [topic])).get(topic) ?? []
      const coordinator = await findCoordinator({ cluster, groupId })
      const numbers = partitions.map(({ partition }) => partition)
      return findCommitted({ cluster, groupId }, coordinator, topic, numbers)
    },
  }
}

/** Produces a batch to a partition unchanged. */
export async function putBatch(cluster: Cluster, topic: string, partition: number, batch: Buffer): Promise<void> {
  const partitions = (await findLeaders(cluster, [topic])).get(topic) ?? []
  const leader = partitions.find((each) => each.partition === partition)?.leader ?? -1
  await produce(cluster, leader, { topic, partition, batch })
}
