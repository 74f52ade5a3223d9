import { afterEach, beforeAll, expect, test } from '@jest/globals'
import { DeleteFunctionCommand, PutFunctionConcurrencyCommand, type LambdaClient } from '@aws-sdk/client-lambda'
import type { V1Pod } from '@kubernetes/client-node'
import { namespace, openInstallation, type Installation } from '../testing/installation.ts'
import { startLoad, type Load } from '../testing/load.ts'
import { describeOnThisNode, signalPod } from '../testing/node-processes.ts'
import { recordingHandler, startRecorder, type Recorder } from '../testing/recorder.ts'
import { createNode, eventually, failureOf, invoke } from '../testing/test-cluster.ts'

const tellsIdentity = `
const identity = crypto.randomUUID()
export const handler = async ({ id, sleepMs = 0 }) => {
  await new Promise((resolve) => setTimeout(resolve, sleepMs))
  return { id, identity }
}`

describeOnThisNode('three servers that lose each other or Redis', () => {
  let installation: Installation
  const made = new Set<string>()

  beforeAll(async () => {
    installation = await openInstallation(3)
  }, 700_000)
  afterEach(async () => {
    // The Service refuses connections while no server is ready.
    await installation.settled(3)
    for (const FunctionName of made) await installation.client.send(new DeleteFunctionCommand({ FunctionName }))
    made.clear()
  })

  async function create(name: string, text = tellsIdentity, variables: Record<string, string> = {}): Promise<string> {
    made.add(name)
    return createNode(installation, name, text, { Timeout: 30, Environment: { Variables: variables } })
  }
  const answered = (load: Load, count: number) =>
    eventually(async () => (load.outcome.answers.length >= count ? true : undefined), 90_000)
  const refused = (client: LambdaClient, name: string) => failureOf(invoke({ client }, name))
  const podNames = async (name: string) => {
    const pods = await installation.pods(`kubelambda.dev/function=${name}`)
    return pods.map(({ metadata }) => metadata?.name ?? '')
  }
  const killServer = (pod: V1Pod) => expect(signalPod(pod, 'api/main.ts', 'SIGKILL')).toBe(1)

  async function redis(): Promise<V1Pod> {
    const [pod] = await installation.pods('app.kubernetes.io/name=redis')
    if (pod === undefined) throw new Error('there is no Redis')
    return pod
  }

  /** Kills Redis whenever it is started, until told to stop. */
  async function keepRedisDown(): Promise<() => void> {
    const pod = await redis()
    const killer = setInterval(() => signalPod(pod, 'redis-server', 'SIGKILL'), 50)
    return () => clearInterval(killer)
  }

  test('without Redis, held environments go on and other requests fail with 503 at once, until it is back', async () => {
    const [held, unknown] = [await create('held'), await create('unknown')]
    const [server] = await installation.servers()
    const client = installation.clientOf(server!)
    const load = startLoad(client, held, { width: 2, event: { sleepMs: 100 } })
    await answered(load, 20)
    const bringBack = await keepRedisDown()
    try {
      await answered(load, load.outcome.answers.length + 20)
      const refusal = await eventually(async () => refused(client, unknown), 30_000)
      expect(refusal).toEqual({ name: 'ServiceException', status: 503 })
      // Longer than a lease, so that every server is late with its renewal when Redis is back.
      await answered(load, load.outcome.answers.length + 300)
    } finally {
      bringBack()
    }
    await eventually(async () => ((await refused(client, unknown)) === undefined ? true : undefined), 90_000)
    await answered(load, load.outcome.answers.length + 20)
    expect((await load.stop()).failures).toEqual([])
    await eventually(async () => {
      const failures = await Promise.all(
        (await installation.servers()).map((each) => refused(installation.clientOf(each), unknown)),
      )
      return failures.length === 3 && failures.every((failure) => failure === undefined) ? true : undefined
    }, 60_000)
    const after = await create('after')
    expect(await refused(client, after)).toBeUndefined()
  }, 300_000)

  test('a server that was paused past its lease loses its environments to others without harm', async () => {
    const name = await create('passed-on')
    const [paused, ...rest] = await installation.servers()
    const [pausedClient, others] = [installation.clientOf(paused!), rest.map((server) => installation.clientOf(server))]
    const ask = (client: LambdaClient) => invoke<{ identity: string }>({ client }, name, { sleepMs: 100 })
    const { identity } = await ask(pausedClient)
    await eventually(async () => ((await podNames(name)).length > 0 ? true : undefined), 20_000)
    const before = await podNames(name)
    const load = startLoad(pausedClient, name, { width: 1, event: { sleepMs: 200 } })
    await answered(load, 3)
    expect(signalPod(paused!, 'api/main.ts', 'SIGSTOP')).toBe(1)
    try {
      await eventually(
        async () => ((await installation.logs()).includes('environments of dead servers') ? true : undefined),
        60_000,
      )
      await eventually(async () => {
        const answers = await Promise.all(others.map(ask))
        return answers.some((answer) => answer.identity === identity) ? true : undefined
      }, 60_000)
    } finally {
      expect(signalPod(paused!, 'api/main.ts', 'SIGCONT')).toBe(1)
    }
    const { answers } = load.outcome
    await answered(load, answers.length + 10)
    const { failures } = await load.stop()
    // The one that ran when the server was stopped had lost its environment.
    expect(failures.length).toBeLessThanOrEqual(1)
    for (let count = 0; count < 10; count++) await Promise.all(others.map(ask))
    expect(await podNames(name)).toEqual(expect.arrayContaining(before))
    await installation.settled(3)
  }, 300_000)

  test('reserved concurrency is never exceeded, also while a server is killed and restarted', async () => {
    const recorder: Recorder = await startRecorder(installation.core, namespace, 'recorder-reserve')
    try {
      const FunctionName = await create('reserved', recordingHandler, { RECORDER: recorder.address })
      const reserve = { FunctionName, ReservedConcurrentExecutions: 3 }
      await installation.client.send(new PutFunctionConcurrencyCommand(reserve))
      const servers = await installation.servers()
      const loads = servers.map((server) =>
        startLoad(installation.clientOf(server), FunctionName, { width: 4, event: { sleepMs: 40 } }),
      )
      const total = () => loads.reduce((sum, load) => sum + load.outcome.answers.length, 0)
      const further = async (count: number) => {
        const goal = total() + count
        await eventually(async () => (total() >= goal ? true : undefined), 90_000)
      }
      await further(60)
      const killed = installation.clientOf(servers[0]!)
      const isRunning = async (id: string) => (await recorder.read()).running.includes(id)
      // It outlives its server, whose places are another's before it is over.
      const outlives = { id: 'outlives', sleepMs: 25_000 }
      const orphaned = untilNotThrottled(() => invoke({ client: killed }, FunctionName, outlives))
      await eventually(async () => ((await isRunning('outlives')) ? true : undefined), 60_000)
      killServer(servers[0]!)
      await orphaned
      await further(60)
      await installation.settled(3)
      await eventually(async () => ((await isRunning('outlives')) ? undefined : true), 60_000)
      await further(60)
      const outcomes = await Promise.all(loads.map((load) => load.stop()))
      const failures = outcomes.flatMap((outcome) => outcome.failures)
      expect(failures.some((failure) => failure.startsWith('TooManyRequestsException'))).toBe(true)
      // How many places a server gets beside others is luck; that there are never more than three is not.
      const { most } = await recorder.read()
      expect(most).toBeGreaterThan(0)
      expect(most).toBeLessThanOrEqual(3)
    } finally {
      await recorder.remove()
    }
  }, 300_000)
})

/** Asks until there is a place, and then to the end, whatever that is. */
async function untilNotThrottled(ask: () => Promise<unknown>): Promise<void> {
  while ((await failureOf(ask()))?.name === 'TooManyRequestsException');
}
