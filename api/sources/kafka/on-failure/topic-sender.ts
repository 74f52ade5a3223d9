import type { Kafka, Message, Producer } from 'kafkajs'

/** Puts messages on topics of a cluster; it connects with the first of them. */
export interface TopicSender {
  /** Resolves when all replicas have them; rejects when that is not known, or the signal aborts before. Makes no topic. */
  send(topic: string, messages: readonly Message[], signal: AbortSignal): Promise<void>
  /** Ends the connection, if there is one; nothing is sent any more. */
  close(): Promise<void>
}

/** A sender of the client, connected to nothing yet. */
export function createTopicSender(kafka: Pick<Kafka, 'producer'>): TopicSender {
  let connecting: Promise<Producer> | undefined
  let isClosed = false
  const connect = async (): Promise<Producer> => {
    const producer = kafka.producer({ allowAutoTopicCreation: false })
    try {
      await producer.connect()
      return producer
    } catch (error) {
      connecting = undefined
      await producer.disconnect().catch(() => undefined)
      throw error
    }
  }
  const sendNow = async (topic: string, messages: readonly Message[]): Promise<void> => {
    if (isClosed) throw new Error('The cluster has been left.')
    connecting ??= connect()
    await (await connecting).send({ topic, messages: [...messages] })
  }
  return {
    send: (topic, messages, signal) => untilAborted(() => sendNow(topic, messages), signal),
    async close() {
      isClosed = true
      const producer = await connecting?.catch(() => undefined)
      await producer?.disconnect().catch(() => undefined)
    },
  }
}

/** The library takes no signal: what it does is left to itself. */
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
