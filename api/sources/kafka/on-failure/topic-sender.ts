import type { Cluster } from '../client/cluster.ts'
import { createPartitioner } from '../client/partitioner.ts'
import { batchOf, produce, type OutgoingMessage } from '../client/produce.ts'
import { findLeaders } from '../client/topics.ts'

/** Puts messages on topics of a cluster; it connects with the first of them. */
export interface TopicSender {
  /** Resolves when all replicas have them; rejects when that is not known, or the signal aborts before. Makes no topic. */
  send(topic: string, messages: readonly OutgoingMessage[], signal: AbortSignal): Promise<void>
  /** Ends the connection, if there is one; nothing is sent any more. */
  close(): Promise<void>
}

/** A sender that is connected to nothing yet. */
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
    if (isClosed) throw new Error('The cluster has been left.')
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

/** Requests take no signal: what was sent is left to itself. */
async function untilAborted(send: () => Promise<void>, signal: AbortSignal): Promise<void> {
  const late = () => new Error('There was no answer in time.', { cause: signal.reason })
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
