import { afterAll, expect } from '@jest/globals'
import { eventually } from '../testing/eventually.ts'
import { failedTwice, isoTime } from './testing/failed-twice.ts'
import { describeWithKafka, startMockCluster, type MockCluster } from './testing/mock-cluster.ts'
import { testTogether } from './testing/test-together.ts'
import { createKafkaTestbed, valuesOf, type KafkaTestbed } from './testing/kafka-testbed.ts'

const limitMs = 90_000
const unreachable = 'PROBLEM: Connection error. Please check your event source connection configuration.'

describeWithKafka('a Kafka topic as event source', () => {
  let shared: Promise<MockCluster> | undefined
  const [testbeds, clusters] = [[] as KafkaTestbed[], [] as Promise<MockCluster>[]]
  const openIn = async (cluster: MockCluster, partitions?: number) => {
    const testbed = await createKafkaTestbed(cluster, partitions)
    testbeds.push(testbed)
    return { cluster, ...testbed }
  }
  const start = () => {
    const starting = startMockCluster()
    clusters.push(starting)
    return starting
  }
  const open = async (partitions?: number) => openIn(await (shared ??= start()), partitions)
  const openAlone = async () => openIn(await start())
  afterAll(async () => {
    await Promise.all(testbeds.map((testbed) => testbed.close()))
    for (const cluster of await Promise.all(clusters)) await cluster.close()
  })

  testTogether(
    {
      'a record is an event in the shape that Lambda gives it': async () => {
        const { cluster, topic, start, committed } = await open(3)
        const events: unknown[] = []
        await cluster.send(topic, [
          {
            key: 'k',
            value: 'v',
            partition: 1,
            timestampMs: 1_545_084_650_987,
            headers: [['h', Buffer.from([104, 0xff])]],
          },
        ])
        start((event) => {
          events.push(event)
          return {}
        })
        await eventually(() => events.length > 0)
        expect(events[0]).toEqual({
          eventSource: 'SelfManagedKafka',
          bootstrapServers: cluster.address,
          records: {
            [`${topic}-1`]: [
              {
                topic,
                partition: 1,
                offset: 0,
                timestamp: 1_545_084_650_987,
                timestampType: 'CREATE_TIME',
                key: 'aw==',
                value: 'dg==',
                headers: [{ h: [104, -1] }],
              },
            ],
          },
        })
        await eventually(async () => (await committed()) === '-1,1,-1')
      },

      '600 records over several partitions are run once each, in order': async () => {
        const { cluster, topic, seen, start, committed } = await open(3)
        const all = Array.from({ length: 600 }, (_, index) => ({ value: String(index), partition: index % 3 }))
        for (let from = 0; from < all.length; from += 100) await cluster.send(topic, all.slice(from, from + 100))
        start(undefined, { batchSize: 7 })
        await eventually(async () => (await committed()) === '200,200,200')
        expect(seen.toSorted((one, other) => Number(one) - Number(other))).toEqual(all.map(({ value }) => value))
        for (let partition = 0; partition < 3; partition++) {
          const numbers = seen.map(Number).filter((number) => number % 3 === partition)
          expect(numbers).toEqual(numbers.toSorted((one, other) => one - other))
        }
      },

      'a restart goes on behind what is committed': async () => {
        const { seen, start, send, committed } = await open()
        await send('a', 'b')
        const first = start()
        await eventually(async () => (await committed()) === '2')
        await first.stop()
        await send('c')
        start()
        await eventually(async () => (await committed()) === '3')
        expect(seen).toEqual(['a', 'b', 'c'])
      },

      'a stop waits for the running batch and commits it': async () => {
        const { seen, start, send, committed } = await open()
        const release = Promise.withResolvers<undefined>()
        await send('a')
        const first = start(async () => {
          await release.promise
          return {}
        })
        await eventually(() => seen.length === 1)
        let hasStopped = false
        const stopping = first.stop().then(() => void (hasStopped = true))
        await send('b')
        expect([hasStopped, await committed()]).toEqual([false, '-1'])
        release.resolve(undefined)
        await stopping
        expect(await committed()).toBe('1')
        start()
        await eventually(() => seen.length === 2)
        expect(seen).toEqual(['a', 'b'])
      },

      'LATEST begins where the topic ended, also for the server after it': async () => {
        const { checkpoints, seen, start, send, committed } = await open()
        await send('old')
        const runner = start(undefined, { startingPosition: 'LATEST' })
        await eventually(async () => (await checkpoints.find('*')) !== undefined)
        await runner.stop()
        await send('new')
        start(undefined, { startingPosition: 'LATEST' })
        await eventually(async () => (await committed()) === '2')
        expect(seen).toEqual(['new'])
      },

      'a position that the topic does not have is left for its oldest record, which is said': async () => {
        const { topic, checkpoints, seen, losses, start, send, committed } = await open()
        await send('a', 'b')
        await checkpoints.save('*', { isEnded: true }, 0)
        await checkpoints.save(`${topic}-0`, { sequenceNumber: '50' }, 0)
        start(undefined, { startingPosition: 'LATEST' })
        await eventually(async () => (await committed()) === '2')
        expect(seen).toEqual(['a', 'b'])
        expect(losses).toEqual([`${topic}-0: the topic has no offset 50. Reading continues at 0, the oldest one.`])
      },

      'records that no filter wants are committed and not run; text that is not JSON is matched by its other members':
        async () => {
          const { seen, start, send, committed } = await open()
          await send('{"kind":"a"}', '{"kind":"b"}', 'text')
          start(undefined, { filters: ['{"value":{"kind":["a"]},"partition":[0]}'] })
          await eventually(async () => (await committed()) === '3')
          expect(seen).toEqual(['{"kind":"a"}', 'text'])
        },

      'a batch that fails is tried again and blocks its partition alone; nothing of it is committed': async () => {
        const { cluster, topic, seen, results, start, committed } = await open(2)
        await cluster.send(topic, [
          { value: 'poison', partition: 0 },
          { value: 'good', partition: 1 },
        ])
        start((event) => (valuesOf(event).includes('poison') ? { functionError: 'Unhandled' } : {}))
        await eventually(() => seen.filter((value) => value === 'poison').length > 2)
        await cluster.send(topic, [{ value: 'later', partition: 1 }])
        await eventually(async () => (await committed()) === '-1,2')
        expect(results).toContain('PROBLEM: Function call failed')
      },

      'a batch whose retries are used up is told in AWS’s words, and what comes after it is run': async () => {
        const { cluster, topic, seen, failures, start, send, committed } = await open()
        await send('bad', 'worse')
        const settings = { maximumRetryAttempts: 1, batchSize: 2 }
        start((event) => (valuesOf(event).includes('bad') ? { functionError: 'Unhandled' } : {}), settings)
        await eventually(async () => (await committed()) === '2')
        await send('good')
        await eventually(async () => (await committed()) === '3')
        expect(seen).toEqual(['bad', 'worse', 'bad', 'worse', 'good'])
        const offsets = { firstRecordOffset: '0', lastRecordOffset: '1' }
        expect(failures).toEqual([
          {
            id: expect.any(String),
            part: `${topic}-0`,
            payload: expect.stringContaining(`"records":{"${topic}-0":[{"topic"`),
            record: {
              ...failedTwice,
              KafkaBatchInfo: {
                batchSize: 2,
                bootstrapServers: cluster.address,
                payloadSize: Buffer.byteLength(failures[0]?.payload as string),
                recordsInfo: {
                  [`${topic}-0`]: { ...offsets, firstRecordTimestamp: isoTime, lastRecordTimestamp: isoTime },
                },
              },
            },
          },
        ])
      },

      'a record that is too large for an event is discarded at once': async () => {
        const { seen, failures, start, send, committed } = await open()
        await send('x'.repeat(5 * 1024 * 1024), 'small')
        start()
        await eventually(async () => (await committed()) === '2')
        expect(seen).toEqual(['small'])
        expect(failures.map(({ record }) => record)).toMatchObject([
          { requestContext: { condition: 'MaximumPayloadSizeExceeded' }, responseContext: null },
        ])
      },

      'of a batch with reported failures the records before the first are committed, and the rest is tried again':
        async () => {
          const { topic, seen, start, send, committed } = await open()
          await send('a', 'b', 'c')
          let isBad = true
          start(
            () => {
              const itemIdentifier = { partition: `${topic}-0`, offset: 1 }
              const payload = { batchItemFailures: isBad ? [{ itemIdentifier }] : [] }
              isBad = false
              return { payload }
            },
            { reportsItemFailures: true },
          )
          await eventually(async () => (await committed()) === '3')
          expect(seen).toEqual(['a', 'b', 'c', 'b', 'c'])
        },

      'a partition that moves to another server while its batch runs is read there behind the batch': async () => {
        const { cluster, topic, seen, start, committed } = await open(2)
        await cluster.send(topic, [
          { value: 'a', partition: 0 },
          { value: 'b', partition: 1 },
        ])
        const release = Promise.withResolvers<undefined>()
        start(async () => {
          await release.promise
          return {}
        })
        await eventually(() => seen.length === 2)
        let isShared = false
        start(() => {
          isShared = true
          return {}
        })
        release.resolve(undefined)
        await eventually(async () => {
          for (const partition of [0, 1]) await cluster.send(topic, [{ value: 'more', partition }])
          return isShared
        })
        await eventually(async () => !(await committed()).includes('-1'))
        expect(seen.filter((value) => value !== 'more')).toEqual(expect.arrayContaining(['a', 'b']))
        expect(seen.filter((value) => value !== 'more')).toHaveLength(2)
      },

      'a topic that is not there, and one that may not be read, are shown until they are': async () => {
        const { cluster, topic, seen, results, start, send } = await openAlone()
        await send('m')
        await cluster.failTopic(topic, 3)
        start()
        await eventually(() => results.includes(`PROBLEM: Topic not found: ${topic}`))
        await cluster.failTopic(topic, 29)
        await eventually(() => results.includes('PROBLEM: Cluster failed to authorize Lambda.'))
        await cluster.failTopic(topic, 0)
        await eventually(() => seen.length === 1)
        expect(results.at(-1)).toBe('OK')
      },

      'a cluster that goes down is shown, and read on when it is up again': async () => {
        const { cluster, seen, results, start, send, committed } = await openAlone()
        await send('a')
        start()
        await eventually(async () => (await committed()) === '1')
        await cluster.setUp(false)
        await eventually(() => results.includes(unreachable))
        await cluster.setUp(true)
        await send('b')
        await eventually(async () => (await committed()) === '2')
        expect(seen).toEqual(['a', 'b'])
        expect(results.at(-1)).toBe('OK')
      },
    },
    limitMs,
  )
})
