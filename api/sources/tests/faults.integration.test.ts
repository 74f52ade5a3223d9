import { afterAll, beforeAll } from '@jest/globals'
import { faultSize, until } from '../../testing/faults.ts'
import { expectAllInOrder, mapRecording, testWithKills, type FaultRun } from '../testing/fault-run.ts'
import { newQueue, newStream, newTable } from '../testing/moto-sources.ts'
import { describeWithMoto, startMoto, type Moto } from '../testing/moto.ts'
import { startQueueProxy, type QueueProxy } from '../testing/queue-proxy.ts'
import type { Sent } from '../testing/sent.ts'

/** How many each source is sent. */
const size = faultSize(150)
/** Messages of the FIFO queue. They come one by one: moto hands out several of a group out of order when they come back. */
const fifoSize = Math.min(size, 3_000)
const [perCall, perKill] = [10, Math.min(2_000, size / 3)]
const hiddenSeconds = 5

/** What functions record of a message, a record of a stream and a change of a table. */
const textOf = {
  message: '({ body }) => body',
  record: "({ kinesis }) => Buffer.from(kinesis.data, 'base64').toString()",
  change: `({ dynamodb: { Keys, OldImage, NewImage } }) =>
    Keys.id.S + ' from ' + OldImage?.number.N + ' to ' + NewImage.number.N`,
}

/** In one of three groups. */
const fifoMessage = (number: number): Sent => {
  const order = `group ${String(number % 3)}`
  return { line: `${order} ${String(number)}`, order }
}
/** Each call changes each item once. */
const itemOf = (number: number) => ({ id: `item ${String(number % perCall)}`, number })
const changeOf = (number: number): Sent => {
  const { id } = itemOf(number)
  const before = number < perCall ? undefined : number - perCall
  return { line: `${id} from ${String(before)} to ${String(number)}`, order: id }
}

describeWithMoto('messages, records and table changes, while servers are killed', () => {
  let moto: Moto
  let queues: QueueProxy
  beforeAll(async () => {
    moto = await startMoto()
    queues = await startQueueProxy(moto.address, hiddenSeconds)
  }, 60_000)
  afterAll(async () => {
    queues.close()
    await moto.close()
  })
  const settings = () => ({
    KUBELAMBDA_AWS_ENDPOINT: moto.address,
    KUBELAMBDA_SQS_ENDPOINT: queues.address,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  })

  async function expectNoneLost(run: FaultRun): Promise<void> {
    const [queue, fifoQueue] = [await newQueue(moto), await newQueue(moto, { FifoQueue: 'true' })]
    const [stream, table] = [await newStream(moto), await newTable(moto)]
    const fromBeginning = { StartingPosition: 'TRIM_HORIZON' } as const
    const tableSettings = { ...fromBeginning, BatchSize: 20, ParallelizationFactor: 3 }
    await mapRecording(run, { EventSourceArn: queue.arn }, textOf.message)
    await mapRecording(run, { EventSourceArn: fifoQueue.arn, BatchSize: 1 }, textOf.message, 0)
    await mapRecording(run, { EventSourceArn: stream.arn, BatchSize: 50, ...fromBeginning }, textOf.record)
    await mapRecording(run, { EventSourceArn: table.arn, ...tableSettings }, textOf.change)
    const send = async (numbers: readonly number[]) => {
      await table.put(numbers.map(itemOf))
      return [
        ...numbers.map(changeOf),
        ...(await queue.send(numbers.map((number) => ({ line: `message ${String(number)}` })))),
        ...(await fifoQueue.send(numbers.filter((number) => number < fifoSize).map(fifoMessage))),
        ...(await stream.send(numbers.map((number) => `record ${String(number)}`))),
      ]
    }
    await expectAllInOrder(run, { size, perCall, perKill, send })
    await until('the queues are empty', async () => (await queue.isEmpty()) && (await fifoQueue.isEmpty()))
  }

  testWithKills('all run, in the order of their group, shard and item', settings, expectNoneLost)
})
