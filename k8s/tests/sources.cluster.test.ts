import { afterAll, beforeAll, expect, test } from '@jest/globals'
import {
  CreateEventSourceMappingCommand,
  DeleteEventSourceMappingCommand,
  DeleteFunctionCommand,
  GetEventSourceMappingCommand,
  PutFunctionConcurrencyCommand,
} from '@aws-sdk/client-lambda'
import { newQueue, newStream } from '../../api/sources/testing/moto-sources.ts'
import { describeWithMoto, startMoto, type Moto } from '../../api/sources/testing/moto.ts'
import { expectOrder, type Sent } from '../../api/sources/testing/sent.ts'
import { namespace, openInstallation, removeSettings, type Installation } from '../testing/installation.ts'
import { describeOnThisNode, nodeHere } from '../testing/node-processes.ts'
import { batchRecordingHandler, startRecorder, type Recorder } from '../testing/recorder.ts'
import { killServer, removeFunctionPod } from '../testing/removals.ts'
import { createNode, eventually } from '../testing/test-cluster.ts'

/** So many messages are sent, and so many records. */
const size = 300
/** A server or a pod of the function is ended each time that so many more of each were sent. */
const [perCall, perRound, maxWaiting] = [10, 50, 150]
const FunctionName = 'mapped'

const whileServersAreKilled = () => {
  let moto: Moto
  let settings: Record<string, string>
  let installation: Installation
  let recorder: Recorder
  const mappings: string[] = []

  beforeAll(async () => {
    moto = await startMoto(nodeHere)
    settings = { KUBELAMBDA_AWS_ENDPOINT: moto.address, AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' }
    installation = await openInstallation(3, settings)
    recorder = await startRecorder(installation.core, namespace, 'recorder-sources')
    const Environment = { Variables: { RECORDER: recorder.address } }
    await createNode(installation, FunctionName, batchRecordingHandler, { Environment })
    const reserve = { FunctionName, ReservedConcurrentExecutions: 4 }
    await installation.client.send(new PutFunctionConcurrencyCommand(reserve))
  }, 700_000)
  afterAll(async () => {
    for (const UUID of mappings) await installation.client.send(new DeleteEventSourceMappingCommand({ UUID }))
    await installation.client.send(new DeleteFunctionCommand({ FunctionName }))
    await recorder.remove()
    await removeSettings(settings)
    await moto.close()
  }, 60_000)

  async function map(EventSourceArn: string, more: object = {}): Promise<void> {
    const { client } = installation
    const { UUID = '' } = await client.send(
      new CreateEventSourceMappingCommand({ FunctionName, EventSourceArn, ...more }),
    )
    mappings.push(UUID)
    await eventually(async () => {
      const { State } = await client.send(new GetEventSourceMappingCommand({ UUID }))
      return State === 'Enabled' ? true : undefined
    }, 30_000)
  }
  const recorded = async (isEnough: (times: ReadonlyMap<string, number>) => boolean) =>
    eventually(async () => {
      const { times } = await recorder.read()
      return isEnough(times) ? times : undefined
    }, 120_000)
  const spoil = (round: number) =>
    round % 2 === 1 ? killServer(installation) : removeFunctionPod(installation, FunctionName)

  test('all run, records in the order of their shard, and nothing remains in the queue', async () => {
    const [queue, stream] = [await newQueue(moto), await newStream(moto)]
    const [sent, spoiledAt] = [[] as Sent[], [0]]
    await map(queue.arn)
    await map(stream.arn, { StartingPosition: 'TRIM_HORIZON', BatchSize: 20 })
    for (let from = 0; from < size; from += perCall) {
      const numbers = Array.from({ length: perCall }, (_, at) => String(from + at))
      sent.push(...(await queue.send(numbers.map((number) => ({ line: `message ${number}` })))))
      sent.push(...(await stream.send(numbers.map((number) => `record ${number}`))))
      await recorded((times) => times.size > sent.length - maxWaiting)
      if (from < spoiledAt.length * perRound) continue
      await recorded((times) => times.size > (spoiledAt.at(-1) ?? 0))
      await spoil(spoiledAt.length)
      spoiledAt.push(sent.length)
    }
    expect(spoiledAt).toHaveLength(6)
    const times = await recorded((all) => sent.every(({ line }) => all.has(line)))
    expect(times.size).toBe(sent.length)
    expectOrder([...times.keys()], sent)
    await eventually(async () => ((await queue.isEmpty()) ? true : undefined), 90_000)
    await installation.settled(3)
  }, 300_000)
}

describeWithMoto('messages and records, while servers and pods are killed', () => {
  describeOnThisNode('one after the other', whileServersAreKilled)
})
