import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { CreateFunctionCommand, InvokeCommand, LambdaClient, waitUntilFunctionActiveV2 } from '@aws-sdk/client-lambda'
import { CoreV1Api, KubeConfig } from '@kubernetes/client-node'
import { zipOf } from '../api/main.harness.ts'
import { eventually } from './testing/test-cluster.ts'

const namespace = 'kubelambda'
const run = promisify(execFile)

async function kubectl(...args: string[]): Promise<string> {
  return (await run('kubectl', args, { maxBuffer: 16 * 1024 * 1024 })).stdout
}

const tellsIdentity = `
const identity = crypto.randomUUID()
export const handler = async ({ id, sleepMs = 0 }) => {
  await new Promise((resolve) => setTimeout(resolve, sleepMs))
  return { id, identity }
}`

interface Answer {
  readonly id: number
  readonly identity: string
}

describe('the manifests', () => {
  const core = new KubeConfig()
  core.loadFromDefault()
  const api = core.makeApiClient(CoreV1Api)
  let client: LambdaClient
  let lastId = 0

  beforeAll(async () => {
    await remove()
    const isThere = async () =>
      (await kubectl('get', 'namespace', namespace, '--ignore-not-found', '-o', 'name')) !== ''
    await eventually(async () => ((await isThere()) ? undefined : true), 300_000)
    await kubectl('apply', '-k', 'k8s/manifests/overlays/test')
    await kubectl('-n', namespace, 'rollout', 'status', 'statefulset/redis', '--timeout=120s')
    await kubectl('-n', namespace, 'rollout', 'status', 'deployment/kubelambda', '--timeout=180s')
    const { spec } = await api.readNamespacedService({ namespace, name: 'kubelambda' })
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
    client = new LambdaClient({ endpoint: `http://${spec?.clusterIP ?? ''}`, region: 'us-east-1', credentials })
    await create('steady')
  }, 700_000)
  afterAll(remove, 60_000)

  /** Servers would otherwise be waited for as long as an invocation may run. */
  async function remove(): Promise<void> {
    await kubectl('-n', namespace, 'delete', 'deployment,statefulset', '--all', '--wait=false')
    await kubectl('-n', namespace, 'delete', 'pods', '--all', '--grace-period=0', '--force')
    await kubectl('delete', 'namespace', namespace, '--ignore-not-found', '--wait=false')
  }

  async function create(FunctionName: string): Promise<void> {
    const code = { ZipFile: await zipOf('index.mjs', tellsIdentity) }
    const settings = { Runtime: 'nodejs24.x', Handler: 'index.handler', Timeout: 30, MemorySize: 128 } as const
    const Role = 'arn:aws:iam::000000000000:role/any'
    await client.send(new CreateFunctionCommand({ FunctionName, Role, ...settings, Code: code }))
    await waitUntilFunctionActiveV2({ client, maxWaitTime: 120, minDelay: 0.2, maxDelay: 1 }, { FunctionName })
  }

  async function invoke(FunctionName: string, sleepMs = 0): Promise<Answer> {
    const id = ++lastId
    const answer = await client.send(new InvokeCommand({ FunctionName, Payload: JSON.stringify({ id, sleepMs }) }))
    const text = answer.Payload?.transformToString() ?? ''
    expect(answer.FunctionError).toBeUndefined()
    const parsed = JSON.parse(text) as Answer
    expect(parsed.id).toBe(id)
    return parsed
  }

  /** Invokes a few at once until told to stop; what was answered, and what failed. */
  function load(FunctionName: string, width: number) {
    const outcome = { identities: new Set<string>(), failures: [] as unknown[], answers: 0 }
    const state = { isOver: false }
    const lane = async (): Promise<void> => {
      while (!state.isOver) {
        try {
          outcome.identities.add((await invoke(FunctionName, 50)).identity)
          outcome.answers++
        } catch (error) {
          outcome.failures.push(error instanceof Error ? `${error.name}: ${error.message}` : error)
        }
      }
    }
    const lanes = Array.from({ length: width }, lane)
    const stop = async () => {
      state.isOver = true
      await Promise.all(lanes)
      return outcome
    }
    return { outcome, stop }
  }

  const servers = async (): Promise<string[]> => {
    const labelSelector = 'app.kubernetes.io/name=kubelambda'
    const { items } = await api.listNamespacedPod({ namespace, labelSelector })
    const running = items.filter(({ metadata, status }) => {
      const isReady = status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True')
      return metadata?.deletionTimestamp === undefined && isReady === true
    })
    return running.map(({ metadata }) => metadata?.name ?? '')
  }

  test('bring up two servers, which share what one was told', async () => {
    expect(await servers()).toHaveLength(2)
    const answers = await Promise.all(Array.from({ length: 6 }, () => invoke('steady', 100)))
    expect(answers).toHaveLength(6)
    const pods = await kubectl('-n', namespace, 'get', 'pods', '-l', 'kubelambda.dev/function=steady', '-o', 'name')
    expect(pods.trim().split('\n').length).toBeGreaterThan(0)
  }, 120_000)

  test('a rolling update of the servers under load loses no invocation, and the warm pods go on', async () => {
    const { outcome, stop } = load('steady', 3)
    await eventually(() => Promise.resolve(outcome.answers > 20 ? true : undefined), 60_000)
    const before = new Set(outcome.identities)
    const old = await servers()
    await kubectl('-n', namespace, 'rollout', 'restart', 'deployment/kubelambda')
    await kubectl('-n', namespace, 'rollout', 'status', 'deployment/kubelambda', '--timeout=180s')
    await eventually(async () => ((await servers()).some((name) => old.includes(name)) ? undefined : true), 60_000)
    const { failures } = await stop()
    expect(failures).toEqual([])
    const after = await Promise.all([invoke('steady', 100), invoke('steady', 100)])
    expect(after.some(({ identity }) => before.has(identity))).toBe(true)
  }, 400_000)

  test('one server killed under load is no end: the other goes on, and takes its environments over', async () => {
    const { outcome, stop } = load('steady', 3)
    await eventually(() => Promise.resolve(outcome.answers > 20 ? true : undefined), 60_000)
    const [victim = ''] = await servers()
    const failuresBefore = outcome.failures.length
    await kubectl('-n', namespace, 'delete', 'pod', victim, '--grace-period=0', '--force')
    const answered = outcome.answers
    await eventually(() => Promise.resolve(outcome.answers > answered + 30 ? true : undefined), 60_000)
    const { failures } = await stop()
    // Callers whose connection broke with their server had no answer; nobody else was troubled.
    expect(failures.length - failuresBefore).toBeLessThanOrEqual(3)
    await eventually(async () => ((await servers()).length === 2 ? true : undefined), 120_000)
    await invoke('steady')
  }, 300_000)
})
