import type { Cluster } from '../client/cluster.ts'
import { createPartitioner } from '../client/partitioner.ts'
import { batchOf, produce, type OutgoingMessage } from '../client/produce.ts'
import { findLeaders } from '../client/topics.ts'

/** Produces messages to topics of a cluster. Connects with the first message. */
export interface TopicSender {
  /** Resolves when all in-sync replicas have the messages; rejects when that is unknown, or the signal aborts before. Creates no topic. */
  send(topic: string, messages: readonly OutgoingMessage[], signal: AbortSignal): Promise<void>
  /** Closes the connection. Later messages are rejected. */
  close(): Promise<void>
}

/** Creates a sender without a connection. */
export function createTopicSender(open: () => Promise<Cluster>): TopicSender {
  const partitionOf = createPartitioner()
  let connecting: Promise<Cluster> | undefined
  let isClosed = false
  const connect = async (): Promise<Cluster> => {
    try {
      return await open()
    } catch (error) {
      connecting = undefined
      throw error
    }
  }
  const sendNow = async (topic: string, messages: readonly OutgoingMessage[]): Promise<void> => {
    if (isClosed) throw new Error('The connection to the cluster is closed.')
    const cluster = await (connecting ??= connect())
    const partitions = (await findLeaders(cluster, [topic])).get(topic) ?? []
    const byLeader = Map.groupBy(messages, ({ key }) => partitions[partitionOf(key, partitions.length)])
    await Promise.all(
      [...byLeader].map(async ([target, sent]) => {
        if (target === undefined) throw new Error(`${topic} has no partitions.`)
        const { partition, leader } = target
        await produce(cluster, leader, { topic, partition, batch: batchOf(sent, Date.now()) })
      }),
    )
  }
  return {
    send: (topic, messages, signal) => untilAborted(() => sendNow(topic, messages), signal),
    async close() {
      isClosed = true
      const cluster = await connecting?.catch(() => undefined)
      await cluster?.close()
    },
  }
}

/** Rejects when the signal aborts. The request itself cannot be cancelled. */
async function untilAborted(send: () => Promise<void>, signal: AbortSignal): Promise<void> {
  const late = () => new Error('The broker did not respond in time.', { cause: signal.reason })
  if (signal.aborted) throw late()
  const aborted = Promise.withResolvers<never>()
  const abort = () => aborted.reject(late())
  signal.addEventListener('abort', abort, { once: true })
  try {
    await Promise.race([send(), aborted.promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
