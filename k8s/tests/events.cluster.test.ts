import { afterAll, beforeAll, expect, test } from '@jest/globals'
import {
  DeleteFunctionCommand,
  InvokeCommand,
  PutFunctionConcurrencyCommand,
  type LambdaClient,
} from '@aws-sdk/client-lambda'
import { namespace, openInstallation, type Installation } from '../testing/installation.ts'
import { describeOnThisNode, signalPod } from '../testing/node-processes.ts'
import { recordingHandler, startRecorder, type Recorder } from '../testing/recorder.ts'
import { killServer, removeFunctionPod } from '../testing/removals.ts'
import { createNode, eventually } from '../testing/test-cluster.ts'

/** So many events are sent; 20000 for the whole of it. */
const eventCount = Number(process.env['KUBELAMBDA_TEST_EVENTS'] ?? '1500')
const eventsOfARound = Math.max(250, eventCount / 20)
const FunctionName = 'recording'

describeOnThisNode('asynchronous events of three servers', () => {
  let installation: Installation
  let recorder: Recorder

  beforeAll(async () => {
    installation = await openInstallation(3)
    recorder = await startRecorder(installation.core, namespace, 'recorder-events')
    const Environment = { Variables: { RECORDER: recorder.address } }
    await createNode(installation, FunctionName, recordingHandler, { Timeout: 30, Environment })
    const reserve = { FunctionName, ReservedConcurrentExecutions: 6 }
    await installation.client.send(new PutFunctionConcurrencyCommand(reserve))
  }, 700_000)
  afterAll(async () => {
    await installation.client.send(new DeleteFunctionCommand({ FunctionName }))
    await recorder.remove()
  }, 60_000)

  /** Sends events continuously. A request whose connection was lost may have been accepted; its id is not checked. */
  function startSending(client: LambdaClient) {
    const accepted = new Set<string>()
    let next = 0
    const worker = async (): Promise<void> => {
      while (accepted.size < eventCount) {
        const id = `e${String(next++)}`
        const event = { FunctionName, InvocationType: 'Event', Payload: JSON.stringify({ id }) } as const
        await client.send(new InvokeCommand(event)).then(
          () => accepted.add(id),
          () => new Promise((resolve) => setTimeout(resolve, 50)),
        )
      }
    }
    return { accepted, all: Promise.all(Array.from({ length: 8 }, worker)) }
  }

  async function killRedis(): Promise<void> {
    const [redis] = await installation.pods('app.kubernetes.io/name=redis')
    expect(signalPod(redis!, 'redis-server', 'SIGKILL')).toBe(1)
  }

  async function spoil(round: number): Promise<void> {
    if (round % 7 === 3) return killRedis()
    if (round % 2 === 1) await removeFunctionPod(installation, FunctionName)
    else await killServer(installation)
  }

  const queued = async (): Promise<unknown[]> => {
    const [server] = await installation.servers()
    const answer = await fetch(`http://${server?.status?.podIP ?? ''}:9000/_kubelambda/events`)
    return ((await answer.json()) as { functions: unknown[] }).functions
  }

  test(`${String(eventCount)} events run, hardly one twice, while servers, Redis and pods are killed`, async () => {
    const { accepted, all } = startSending(installation.client)
    for (let round = 0; (round + 1) * eventsOfARound < eventCount; round++) {
      const goal = (round + 1) * eventsOfARound
      await eventually(async () => (accepted.size >= goal ? true : undefined), 180_000)
      await spoil(round)
    }
    await all
    const record = await eventually(async () => {
      const read = await recorder.read()
      return [...accepted].every((id) => read.times.has(id)) ? read : undefined
    }, 300_000)
    await eventually(async () => ((await queued().catch(() => [1])).length === 0 ? true : undefined), 120_000)
    const twice = [...record.times.values()].filter((count) => count > 1).length
    expect(twice / record.times.size).toBeLessThan(0.01)
    expect(record.most).toBeLessThanOrEqual(6)
    await installation.settled(3)
  }, 1_800_000)
})
