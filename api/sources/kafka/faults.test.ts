import { randomUUID } from 'node:crypto'
import { CreateEventSourceMappingCommand, GetEventSourceMappingCommand } from '@aws-sdk/client-lambda'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals'
import {
  createRecording,
  faultSize,
  killFunction,
  startRecorder,
  tell,
  until,
  type Recorder,
} from '../../faults.harness.ts'
import { startOneServer, startThreeServers, type Fleet } from '../../fleet.harness.ts'
import { describeWithRedis } from '../../store/redis/testing/redis-server.ts'
import { describeWithKafka, startMockCluster, type MockCluster } from './testing/mock-cluster.ts'

const size = faultSize(300)
const partitions = [0, 1, 2]
const [perCall, perKill, mostBehind, batchSize] = [30, Math.min(500, size / 3), 600, 20]

const code = `exports.handler = async ({ records }) => {
  for (const { value } of Object.values(records).flat()) await record(Buffer.from(value, 'base64').toString())
}`

describeWithKafka('records of Kafka, while servers are killed', () => {
  let cluster: MockCluster
  let recorder: Recorder
  let fleet: Fleet
  beforeAll(async () => {
    cluster = await startMockCluster()
  }, 60_000)
  afterAll(() => cluster.close())
  beforeEach(async () => {
    recorder = await startRecorder()
  })
  afterEach(async () => {
    await fleet.close()
    recorder.close()
  })

  /** A function mapped to the topic, and polled; answers the consumer group. */
  const map = async (topic: string) => {
    const FunctionName = randomUUID()
    await createRecording(fleet.client(), { FunctionName, code, recorder })
    const command = new CreateEventSourceMappingCommand({
      FunctionName,
      SelfManagedEventSource: { Endpoints: { KAFKA_BOOTSTRAP_SERVERS: [cluster.address] } },
      SourceAccessConfigurations: [],
      Topics: [topic],
      BatchSize: batchSize,
    })
    const { UUID } = await fleet.client().send(command)
    await until('the mapping is enabled', async () => {
      return (await fleet.client().send(new GetEventSourceMappingCommand({ UUID }))).State === 'Enabled'
    })
    return String(UUID)
  }
  const lineOf = (number: number) => `${String(number % partitions.length)} ${String(number)}`
  const send = (topic: string, numbers: readonly number[]) =>
    cluster.send(
      topic,
      numbers.map((number) => ({ value: lineOf(number), partition: number % partitions.length })),
    )

  async function expectAllInOrder(): Promise<void> {
    const topic = randomUUID()
    await cluster.newTopic(topic, partitions.length)
    const group = await map(topic)
    const lines = Array.from({ length: size }, (_, number) => lineOf(number))
    const startedMs = Date.now()
    let kills = 0
    for (let from = 0; from < size; from += perCall) {
      const numbers = Array.from({ length: Math.min(perCall, size - from) }, (_, at) => from + at)
      await until('some have run', () => recorder.times.size > from - mostBehind, 300_000)
      await send(topic, numbers)
      const sent = from + numbers.length
      if (sent < (kills + 1) * perKill || sent >= size) continue
      await until('some of the new have run', () => recorder.times.size > kills * perKill, 300_000)
      killFunction(recorder, 'function')
      await fleet.kill(kills++)
    }
    await until('all have run', () => recorder.times.size === size, 300_000)
    const twice = [...recorder.times.values()].filter((times) => times > 1).length
    const seconds = ((Date.now() - startedMs) / 1000).toFixed(1)
    const servers = fleet.servers.length
    tell(
      `${String(size)} records of Kafka, ${String(servers)} servers, ${String(kills)} kills: ` +
        `none lost, ${String(twice)} ran more than once, ${seconds} s`,
    )
    // A kill of a server and one of a function repeat at most what ran then.
    expect(recorder.lines.length - size).toBeLessThanOrEqual(2 * kills * partitions.length * batchSize)
    const firsts = [...recorder.times.keys()]
    for (const partition of partitions) {
      const isOfIt = (line: string) => line.startsWith(`${String(partition)} `)
      expect(firsts.filter(isOfIt)).toEqual(lines.filter(isOfIt))
    }
    await until('all is committed', async () => {
      const offsets = await cluster.committed(group, topic)
      return offsets.reduce((sum, offset) => sum + Number(offset), 0) === size
    })
    await fleet.end()
    expect(fleet.left()).toEqual([])
  }

  test('all run, in the order of their partition, with one server', async () => {
    fleet = await startOneServer({})
    await expectAllInOrder()
  }, 900_000)

  describeWithRedis('and Redis', () => {
    test('all run, in the order of their partition, with three servers', async () => {
      fleet = await startThreeServers({})
      await expectAllInOrder()
    }, 900_000)
  })
})
