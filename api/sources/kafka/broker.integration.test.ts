import { afterAll, expect } from '@jest/globals'
import { eventually } from '../testing/eventually.ts'
import { describeWithBroker, startKafkaBroker, type KafkaBroker } from './testing/kafka-broker.ts'
import { createKafkaTestbed, type KafkaTestbed } from './testing/kafka-testbed.ts'
import { testTogether } from './testing/test-together.ts'

const limitMs = 300_000

describeWithBroker('a topic of Apache Kafka', () => {
  let shared: Promise<KafkaBroker> | undefined
  const testbeds: KafkaTestbed[] = []
  const open = async (partitions?: number) => {
    const cluster = await (shared ??= startKafkaBroker())
    const testbed = await createKafkaTestbed(cluster, partitions)
    testbeds.push(testbed)
    return { cluster, ...testbed }
  }
  afterAll(async () => {
    await Promise.all(testbeds.map((testbed) => testbed.close()))
    await (await shared)?.close()
  }, limitMs)

  testTogether(
    {
      'whose records were deleted before they were run is read on at its oldest record, which is said': async () => {
        const { cluster, topic, seen, losses, start, send, committed } = await open()
        await send('a', 'b')
        const first = start()
        await eventually(async () => (await committed()) === '2')
        await first.stop()
        await send('c', 'd', 'e')
        await cluster.deleteRecords(topic, 4n)
        start()
        await eventually(async () => (await committed()) === '5')
        expect(seen).toEqual(['a', 'b', 'e'])
        expect(losses).toEqual([`${topic}-0: the topic has no offset 2. Reading continues at 4, the oldest one.`])
      },

      'that was created again is read from its first record, wherever the mapping began before': async () => {
        const { cluster, topic, checkpoints, seen, losses, start, send, committed } = await open()
        await send('old')
        const first = start(undefined, { startingPosition: 'LATEST' })
        await eventually(async () => (await checkpoints.find('*')) !== undefined)
        await send('a')
        await eventually(async () => (await committed()) === '2')
        await first.stop()
        await cluster.deleteTopic(topic)
        await cluster.newTopic(topic, 1)
        await send('x', 'y', 'z')
        start(undefined, { startingPosition: 'LATEST' })
        await eventually(async () => (await committed()) === '3')
        expect(seen).toEqual(['a', 'x', 'y', 'z'])
        expect(losses).toEqual([
          `${topic}: the topic was deleted and created again. Reading continues at its oldest record.`,
        ])
      },

      'that is created again while it is read is read from its first record': async () => {
        const { cluster, topic, seen, losses, start, send, committed } = await open()
        await send('a')
        start()
        await eventually(async () => (await committed()) === '1')
        await cluster.deleteTopic(topic)
        await cluster.newTopic(topic, 1)
        await send('x', 'y')
        await eventually(async () => (await committed()) === '2')
        expect(seen).toEqual(['a', 'x', 'y'])
        expect(losses).toEqual([expect.stringContaining('the topic was deleted and created again')])
      },

      'whose servers come and go is run once, in order': async () => {
        const { cluster, topic, seen, start, committed } = await open(4)
        const all = Array.from({ length: 200 }, (_, index) => ({ value: String(index), partition: index % 4 }))
        await cluster.send(topic, all.slice(0, 100))
        const first = start(undefined, { batchSize: 5 })
        await eventually(() => seen.length > 10)
        const second = start(undefined, { batchSize: 5 })
        await eventually(async () => (await committed()).includes('25'))
        await first.stop()
        await cluster.send(topic, all.slice(100))
        await eventually(async () => (await committed()) === '50,50,50,50')
        await second.stop()
        expect(seen).toHaveLength(200)
        for (let partition = 0; partition < 4; partition++) {
          const numbers = seen.map(Number).filter((number) => number % 4 === partition)
          expect(numbers).toEqual(numbers.toSorted((one, other) => one - other))
        }
      },
    },
    limitMs,
  )
})
