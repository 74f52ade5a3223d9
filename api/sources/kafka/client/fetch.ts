import type { AbortedTransaction } from '../records/record-batch.ts'
import type { Api, Cluster, Decoder } from './cluster.ts'
import type { TopicPartition } from '../records/partition.ts'

/** A partition, and the offset to read it from. */
export interface FetchPosition extends TopicPartition {
  readonly offset: bigint
}

/** A broker's response for one partition. */
export interface FetchedPartition extends TopicPartition {
  /** Error code of Kafka's protocol; 0 for none. */
  readonly errorCode: number
  readonly abortedTransactions: readonly AbortedTransaction[]
  /** Record batches as the broker stores them. */
  readonly batches: Buffer
}

const [maxWaitMs, minBytes, maxBytes, partitionMaxBytes] = [500, 1, 10 * 1024 * 1024, 1024 * 1024]
const readCommitted = 1

/**
 * Fetch in the version that all brokers since 2.1 support. The library's own implementation decodes keys and values as text, and
 * an error of one partition fails all.
 */
const fetchApi: Api<readonly FetchPosition[], FetchedPartition[]> = {
  apiKey: 1,
  apiVersion: 10,
  requestHeaderVersion: 1,
  responseHeaderVersion: 0,
  request: (encoder, positions) =>
    encoder
      .writeInt32(-1)
      .writeInt32(maxWaitMs)
      .writeInt32(minBytes)
      .writeInt32(maxBytes)
      .writeInt8(readCommitted)
      .writeInt32(0) // no session
      .writeInt32(-1)
      .writeArray([...Map.groupBy(positions, ({ topic }) => topic)], (topics, [topic, partitions]) =>
        topics.writeString(topic).writeArray(partitions, (each, { partition, offset }) =>
          each
            .writeInt32(partition)
            .writeInt32(-1) // whatever leader there is
            .writeInt64(offset)
            .writeInt64(-1n)
            .writeInt32(partitionMaxBytes),
        ),
      )
      .writeArray([], () => undefined),
  response(decoder) {
    decoder.readInt32()
    const errorCode = decoder.readInt16()
    decoder.readInt32()
    if (errorCode !== 0) throw Object.assign(new Error(`Fetch was answered with ${errorCode}.`), { errorCode })
    return decoder.readArray(readTopic).flat()
  },
}

function readTopic(decoder: Decoder): FetchedPartition[] {
  const topic = decoder.readString() ?? ''
  return decoder.readArray((each) => {
    const [partition, errorCode] = [each.readInt32(), each.readInt16()]
    for (let skipped = 0; skipped < 3; skipped++) each.readInt64()
    const abortedTransactions = each.readArray((aborted) => ({
      producerId: aborted.readInt64(),
      firstOffset: aborted.readInt64(),
    }))
    return { topic, partition, errorCode, abortedTransactions, batches: each.readBytes() ?? Buffer.alloc(0) }
  })
}

/** Fetches the records after these positions from a broker, which long-polls: it responds at once when there are any, else after a timeout. */
export function fetchFrom(cluster: Cluster, node: number, positions: readonly FetchPosition[]) {
  return cluster.askNode(node, fetchApi, positions)
}
