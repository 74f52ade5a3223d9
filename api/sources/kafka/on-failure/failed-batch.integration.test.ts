import { afterAll, expect, test } from '@jest/globals'
import { createDiscard } from '../../batches/discard.ts'
import type { FailureRecord } from '../../polling/source.ts'
import { eventually } from '../../testing/eventually.ts'
import { aMapping } from '../../testing/samples.ts'
import type { OutgoingMessage } from '../client/produce.ts'
import { describeFailedBatch } from './failed-batch.ts'
import { kafkaRecord } from '../records/record.ts'
import { failedTwice, isoTime } from '../testing/failed-twice.ts'
import { describeWithKafka, startMockCluster, type MockCluster } from '../testing/mock-cluster.ts'
import { testTogether } from '../testing/test-together.ts'
import { createKafkaTestbed, valuesOf, type KafkaTestbed } from '../testing/kafka-testbed.ts'

const limitMs = 90_000
const inTime = () => AbortSignal.timeout(20_000)

describeWithKafka('a Kafka topic as on-failure destination', () => {
  let shared: Promise<MockCluster> | undefined
  const testbeds: KafkaTestbed[] = []
  const open = async () => {
    const cluster = await (shared ??= startMockCluster())
    const testbed = await createKafkaTestbed(cluster)
    testbeds.push(testbed)
    return { cluster, ...testbed }
  }
  /** A topic, and its messages: keys in base64, values as they were written. */
  const openDestination = async () => {
    const { topic, start } = await open()
    const messages: { key: string | undefined; value: unknown }[] = []
    start((event) => {
      const records = Object.values(event.records).flat() as { key?: string }[]
      const values = valuesOf(event).map((value): unknown => JSON.parse(value))
      messages.push(...records.map(({ key }, at) => ({ key, value: values[at] })))
      return {}
    })
    return { topic, messages }
  }
  /** Sends the failure of a batch with these values to the topic. */
  const failTo = async (destination: string, ...values: string[]) => {
    const { start, send, failures } = await open()
    await send(...values)
    start(() => ({ functionError: 'Unhandled' }), { maximumRetryAttempts: 0, onFailure: `kafka://${destination}` })
    await eventually(() => failures.length > 0)
    return failures[0] as FailureRecord & Required<Pick<FailureRecord, 'send'>>
  }
  afterAll(async () => {
    await Promise.all(testbeds.map((testbed) => testbed.close()))
    await (await shared)?.close()
  })

  testTogether(
    {
      'gets each record of a discarded batch under its own key, in AWS’s format': async () => {
        const { topic: failed, messages } = await openDestination()
        const { cluster, topic, start, committed } = await open()
        await cluster.send(topic, [
          { key: 'k', value: 'bad', partition: 0 },
          { value: 'worse', partition: 0 },
        ])
        const settings = { onFailure: `kafka://${failed}`, maximumRetryAttempts: 1, batchSize: 2 }
        const deliver = () => Promise.reject(new Error('It is no ARN.'))
        const discard = createDiscard(aMapping(settings), { deliver, warn: () => undefined, now: Date.now })
        start(() => ({ functionError: 'Unhandled' }), settings, { discard })
        await eventually(() => messages.length === 2)
        await eventually(async () => (await committed()) === '2')
        const valueOf = (offset: number, record: { key?: string; value: string }) => {
          const records = { [`${topic}-0`]: [expect.objectContaining({ topic, partition: 0, offset, ...record })] }
          return {
            ...failedTwice,
            KafkaBatchInfo: {
              batchSize: 1,
              bootstrapServers: cluster.address,
              payloadSize: expect.any(Number),
              recordInfo: { offset: String(offset), timestamp: isoTime },
            },
            payload: { eventSource: 'SelfManagedKafka', bootstrapServers: cluster.address, records },
          }
        }
        expect(messages).toEqual([
          { key: 'aw==', value: valueOf(0, { key: 'aw==', value: 'YmFk' }) },
          { key: undefined, value: valueOf(1, { value: 'd29yc2U=' }) },
        ])
      },

      'that fails for a while gets what it has not got when it is tried again': async () => {
        const { topic, messages } = await openDestination()
        const { cluster } = await open()
        const { send } = await failTo(topic, 'a', 'b')
        await cluster.failTopic(topic, 3)
        await expect(send(inTime())).rejects.toThrow()
        await cluster.failTopic(topic, 0)
        await send(inTime())
        await send(inTime())
        await eventually(() => messages.length >= 2)
        expect(messages).toHaveLength(2)
      },

      'is abandoned at the deadline': async () => {
        const { topic } = await open()
        const { send } = await failTo(topic, 'a')
        await expect(send(AbortSignal.abort())).rejects.toThrow('The broker did not respond in time.')
      },
    },
    limitMs,
  )
})

test('a batch goes to a topic in chunks that brokers accept, and only rejected chunks are sent again', async () => {
  const topicPartition = { topic: 't', partition: 0 }
  const recordOf = (at: number) => {
    const record = { key: Buffer.from(String(at)), value: Buffer.alloc(120_000), timestampMs: 0, offset: BigInt(at) }
    return kafkaRecord({ ...record, headers: [], isAppendTime: false }, topicPartition)
  }
  const sent: string[][] = []
  const sender = {
    async send(_topic: string, messages: readonly OutgoingMessage[]) {
      sent.push(messages.map(({ key }) => String(key)))
      if (sent.length === 2) throw new Error('too many')
    },
  }
  const source = { settings: aMapping({ kind: 'kafka', onFailure: 'kafka://failed' }), now: Date.now }
  const records = Array.from({ length: 7 }, (_, at) => recordOf(at))
  const failure = { id: 'i', condition: 'RecordAgeExceeded' as const, records, invocations: 0, last: undefined }
  const { send } = describeFailedBatch(failure, { source, topicPartition, bootstrapServers: ['b:1'], sender })
  await expect(send?.(inTime())).rejects.toThrow('too many')
  await send?.(inTime())
  expect(sent).toEqual([['0', '1', '2'], ['3', '4', '5'], ['6'], ['3', '4', '5']])
})
