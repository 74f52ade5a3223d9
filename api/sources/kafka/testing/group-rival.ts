import { Kafka, logLevel } from 'kafkajs'

/**
 * Another member of a group: `group-rival.ts ADDRESS GROUP TOPIC` joins, reads nothing, and prints how many partitions it has
 * each time that the group divides them.
 */
const [, , address = '', groupId = '', topic = ''] = process.argv
const kafka = new Kafka({ brokers: [address], logLevel: logLevel.NOTHING })
const consumer = kafka.consumer({ groupId, sessionTimeout: 6_000, heartbeatInterval: 1_000, maxWaitTimeInMs: 200 })
consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
  process.stdout.write(`${payload.memberAssignment[topic]?.length ?? 0}\n`)
})
await consumer.connect()
await consumer.subscribe({ topics: [topic] })
await consumer.run({ autoCommit: false, eachBatchAutoResolve: false, eachBatch: () => Promise.resolve() })
