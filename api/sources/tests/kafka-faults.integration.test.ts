import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect } from '@jest/globals'
import { faultSize, until } from '../../testing/faults.ts'
import { expectAllInOrder, mapRecording, testWithKills, type FaultRun } from '../testing/fault-run.ts'
import { describeWithKafka, startMockCluster, type MockCluster } from '../kafka/testing/mock-cluster.ts'

const size = faultSize(300)
const partitions = [0, 1, 2]
const [perCall, perKill, batchSize] = [30, Math.min(500, size / 3), 20]

const textOf = "({ value }) => Buffer.from(value, 'base64').toString()"

describeWithKafka('records of Kafka, while servers are killed', () => {
  let cluster: MockCluster
  beforeAll(async () => {
    cluster = await startMockCluster()
  }, 60_000)
  afterAll(() => cluster.close())

  async function expectNoneLost(run: FaultRun): Promise<void> {
    const topic = randomUUID()
    await cluster.newTopic(topic, partitions.length)
    const source = {
      SelfManagedEventSource: { Endpoints: { KAFKA_BOOTSTRAP_SERVERS: [cluster.address] } },
      SourceAccessConfigurations: [],
      Topics: [topic],
      BatchSize: batchSize,
    }
    const group = await mapRecording(run, source, textOf)
    const send = async (numbers: readonly number[]) => {
      const records = numbers.map((number) => ({ value: String(number), partition: number % partitions.length }))
      await cluster.send(topic, records)
      return records.map(({ value, partition }) => ({ line: value, order: String(partition) }))
    }
    const kills = await expectAllInOrder(run, { size, perCall, perKill, send })
    // A kill of a server and one of a function repeat at most what ran then.
    expect(run.recorder.lines.length - size).toBeLessThanOrEqual(2 * kills * partitions.length * batchSize)
    await until('all is committed', async () => {
      const offsets = await cluster.committed(group, topic)
      return offsets.reduce((sum, offset) => sum + Number(offset), 0) === size
    })
  }

  testWithKills('all run, in the order of their partition', () => ({}), expectNoneLost)
})
