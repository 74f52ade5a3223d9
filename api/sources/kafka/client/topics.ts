import { upTo, type Cluster } from './cluster.ts'

/** A partition's number, and its leader; below 0 while it has none. */
export interface PartitionLeader {
  readonly partition: number
  readonly leader: number
}

/** A topic as its cluster describes it. */
export interface TopicDescription {
  /** Tells the topic from one that is created again under its name; empty if the brokers are older than 2.8. */
  readonly id: string
  readonly partitions: readonly PartitionLeader[]
}

interface TopicMetadata {
  readonly errorCode: number
  readonly name: string
  readonly topicId: string
  readonly partitions: readonly { readonly partitionIndex: number; readonly leaderId: number }[]
}

/** Looks up the partitions of topics and their leaders. Rejects for a topic that does not exist or is not authorized; creates none. */
export async function findLeaders(
  cluster: Cluster,
  topics: readonly string[],
): Promise<ReadonlyMap<string, readonly PartitionLeader[]>> {
  const found = await describeTopics(cluster, topics)
  return new Map([...found].map(([name, { partitions }]) => [name, partitions]))
}

/** Looks up topics; rejects as `findLeaders` does. */
export async function describeTopics(
  cluster: Cluster,
  topics: readonly string[],
): Promise<ReadonlyMap<string, TopicDescription>> {
  const found = await cluster
    .ask(cluster.api.METADATA, {
      topics: topics.map((name) => ({ id: null, name })),
      allowTopicAutoCreation: false,
    })
    .catch(withoutLeaders)
  return new Map(
    found.topics.map(({ name, topicId: id, partitions: described }: TopicMetadata) => {
      const partitions = described
        .map(({ partitionIndex: partition, leaderId: leader }) => ({ partition, leader }))
        .toSorted((one, other) => one.partition - other.partition)
      return [name, { id, partitions }]
    }),
  )
}

/** The library rejects a response in which only a partition has an error, as during a leader election. */
function withoutLeaders(error: unknown): { readonly topics: readonly TopicMetadata[] } {
  const { response } = error as { response?: { topics?: readonly TopicMetadata[]; errorCode?: number } }
  const topics = response?.topics
  if (topics === undefined || response?.errorCode !== 0 || topics.some(({ errorCode }) => errorCode !== 0)) throw error
  return { topics }
}

/** The timestamp that stands for the first offset of a partition. */
export const earliest = -2n
const latest = -1n

/** Queries of a topic's offsets. */
export function createOffsets(cluster: Cluster) {
  return {
    identity: async (topic: string) => (await describeTopics(cluster, [topic])).get(topic)?.id ?? '',
    beginnings: (topic: string) => findOffsets(cluster, topic, earliest),
    ends: (topic: string) => findOffsets(cluster, topic, latest),
    async since(topic: string, timestampMs: number) {
      const found = await findOffsets(cluster, topic, BigInt(timestampMs))
      const ends = await findOffsets(cluster, topic, latest)
      return found.map((each) =>
        Number(each.offset) >= 0 ? each : (ends.find(({ partition }) => partition === each.partition) ?? each),
      )
    },
  }
}

/** The first offset of each partition at or after a time; -1 when there is none. */
export async function findOffsets(
  cluster: Cluster,
  topic: string,
  timestamp: bigint,
): Promise<{ partition: number; offset: string }[]> {
  const partitions = (await findLeaders(cluster, [topic])).get(topic) ?? []
  const leaders = Map.groupBy(partitions, ({ leader }) => leader)
  const answers = await Promise.all(
    [...leaders].map(([leader, led]) =>
      // The leader epochs of newer versions are not needed.
      cluster.askNode(leader, upTo(cluster.api.LIST_OFFSETS, 3), {
        replicaId: -1,
        isolationLevel: 0,
        topics: [
          {
            name: topic,
            partitions: led.map(({ partition }) => ({ partitionIndex: partition, currentLeaderEpoch: -1, timestamp })),
          },
        ],
      }),
    ),
  )
  return answers
    .flatMap(({ topics }) => topics.flatMap((each) => each.partitions))
    .map(({ partitionIndex, offset }) => ({ partition: partitionIndex, offset: String(offset) }))
}
