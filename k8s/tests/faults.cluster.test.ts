import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { CreateFunctionCommand, InvokeCommand } from '@aws-sdk/client-lambda'
import { KubeConfig } from '@kubernetes/client-node'
import { startProgram, zipOf, type RunningServer } from '../../api/testing/running-server.ts'
import {
  createNode,
  eventually,
  failureOf,
  invoke,
  openTestCluster,
  settledState,
  type TestCluster,
} from '../testing/test-cluster.ts'

const answers = `export const handler = async ({ sleepMs = 0, fill = false }) => {
  if (sleepMs > 0) console.log('it runs')
  const held = []
  while (fill) held.push(Buffer.alloc(8 * 1024 * 1024, 1))
  await new Promise((resolve) => setTimeout(resolve, sleepMs))
  return 'done'
}`

describe('faults in a cluster', () => {
  let cluster: TestCluster
  let server: RunningServer
  beforeAll(async () => {
    cluster = await openTestCluster()
    server = await cluster.start()
  })
  afterAll(() => cluster.close())

  const podsOf = (name: string) => cluster.pods(`kubelambda.dev/function=${name}`)
  const noPods = (select: () => Promise<unknown[]>) =>
    eventually(async () => ((await select()).length === 0 ? true : undefined), 30_000)

  test('an image that cannot be pulled fails the function with that reason and leaves no pod', async () => {
    const other = await cluster.start({
      KUBELAMBDA_IMAGES: 'python=registry.invalid/none:1',
      KUBELAMBDA_SERVER_NAME: 'other',
      KUBELAMBDA_DATA: `${cluster.kubeconfig}-data`,
    })
    const code = { ZipFile: await zipOf('app.py', 'def handler(event, context): return 1') }
    const input = {
      FunctionName: 'unpullable',
      Runtime: 'python3.12',
      Handler: 'app.handler',
      Role: 'arn:aws:iam::000000000000:role/r',
    } as const
    await other.client.send(new CreateFunctionCommand({ ...input, Code: code }))
    const state = await settledState(other, 'unpullable')
    expect([state.State, state.StateReasonCode]).toEqual(['Failed', 'InvalidImage'])
    expect(state.StateReason).toMatch(/KUBELAMBDA_IMAGES.*registry\.invalid/)
    await other.end('SIGTERM')
    const python = async () =>
      (await cluster.pods()).filter(({ spec }) => spec?.containers[0]?.image?.startsWith('registry.invalid'))
    await noPods(python)
  })

  test('a pod deleted in the middle of an invocation fails it at once, and the next one runs elsewhere', async () => {
    const name = await createNode(server, 'torn', answers, { Timeout: 60 })
    await invoke(server, name)
    const [pod] = await eventually(async () => ((await podsOf(name)).length === 1 ? podsOf(name) : undefined), 20_000)
    const torn = failureOf(invoke(server, name, { sleepMs: 30_000 }))
    await eventually(async () => (server.output().includes('it runs') ? true : undefined), 20_000)
    await cluster.core.deleteNamespacedPod({
      namespace: cluster.namespace,
      name: pod?.metadata?.name ?? '',
      gracePeriodSeconds: 1,
    })
    expect((await torn)?.name).toBe('ServiceException')
    expect(await invoke(server, name)).toBe('done')
  })

  test('a function that runs out of memory fails with its own error, and the next invocation succeeds', async () => {
    const name = await createNode(server, 'greedy', answers, { Timeout: 30 })
    await expect(invoke(server, name, { fill: true })).rejects.toThrow(
      /Runtime\.(OutOfMemory|ExitError)|signal: killed/,
    )
    expect(await invoke(server, name)).toBe('done')
  })

  test('missing rights end the start with one line that names the setting and the fix', async () => {
    const config = new KubeConfig()
    config.loadFromFile(cluster.kubeconfig)
    const current = config.getCurrentCluster()
    const anonymous = new KubeConfig()
    anonymous.loadFromClusterAndUser({ ...current!, name: 'c' }, { name: 'nobody', token: 'none' })
    const file = `${cluster.kubeconfig}-nobody`
    writeFileSync(file, anonymous.exportConfig())
    const { exited, output } = startProgram({
      KUBELAMBDA_DRIVER: 'kubernetes',
      KUBELAMBDA_KUBECONFIG: file,
      KUBELAMBDA_DATA: `${cluster.kubeconfig}-data2`,
    })
    expect(await exited).toBe(1)
    expect(output()).toMatch(/^kubelambda: [^\n]*Role of k8s\/manifests[^\n]*\n$/)
  })
})

describe('without capacity in the cluster', () => {
  let cluster: TestCluster
  let server: RunningServer
  beforeAll(async () => {
    cluster = await openTestCluster()
    server = await cluster.start({ KUBELAMBDA_START_SECONDS: '6' })
  })
  afterAll(() => cluster.close())

  test('an unschedulable pod is a 429 within the start time, is logged, and is deleted', async () => {
    const name = await createNode(server, 'unschedulable', answers, {
      Tags: { 'kubelambda.dev/node-selector': 'no=such' },
    })
    expect(await failureOf(invoke(server, name))).toEqual({ name: 'TooManyRequestsException', status: 429 })
    expect(server.output()).toMatch(/No node has capacity for a pod/)
    await eventually(async () => ((await cluster.pods()).length <= 1 ? true : undefined), 30_000)
  })

  test('a used-up quota is a 429, and the next invocation after it was raised succeeds', async () => {
    await createQuota(cluster, 'none', '0')
    const name = await createNode(server, 'quota', answers, { MemorySize: 192 })
    expect(await failureOf(invoke(server, name))).toEqual({ name: 'TooManyRequestsException', status: 429 })
    expect(server.output()).toMatch(/quota/)
    await cluster.core.deleteNamespacedResourceQuota({ namespace: cluster.namespace, name: 'none' })
    const answer = await eventually(() => invoke<string>(server, name).catch(() => undefined), 60_000)
    expect(answer).toBe('done')
  })
})

describe('when idle environments use all capacity', () => {
  let cluster: TestCluster
  let server: RunningServer
  beforeAll(async () => {
    cluster = await openTestCluster()
    server = await cluster.start({ KUBELAMBDA_POOL_SIZE: '0', KUBELAMBDA_START_SECONDS: '30' })
  })
  afterAll(() => cluster.close())

  test('they are evicted for other functions', async () => {
    await createQuota(cluster, 'full', '1')
    const [idle, next] = [await createNode(server, 'idle', answers), await createNode(server, 'next', answers)]
    for (const name of [idle, next, idle]) expect(await invoke(server, name)).toBe('done')
    expect(server.output()).toMatch(/exceeded quota: full/)
  })

  const podsOf = async (name: string) =>
    (await cluster.pods(`kubelambda.dev/function=${name}`)).filter(({ spec }) => spec?.nodeName !== undefined)

  test('several small ones are evicted for a large one', async () => {
    await cluster.core.deleteNamespacedResourceQuota({ namespace: cluster.namespace, name: 'full' })
    const small = await createNode(server, 'small', answers, { MemorySize: 256, Timeout: 60 })
    const large = await createNode(server, 'large', answers, { MemorySize: 1024 })
    // As many as the node takes, and more.
    await Promise.allSettled(Array.from({ length: 20 }, () => invoke(server, small, { sleepMs: 2_000 })))
    expect(server.output()).toMatch(/No node has capacity for a pod of 256 MB: .*Insufficient cpu/)
    const before = await podsOf(small)
    expect(await invoke(server, large)).toBe('done')
    expect(server.output()).toMatch(/No node has capacity for a pod of 1024 MB: .*Insufficient cpu/)
    // Four evictions free enough memory; twice as many if the node was slow.
    expect((await podsOf(small)).length).toBeGreaterThanOrEqual(before.length - 8)
  })
})

async function createQuota({ core, namespace }: TestCluster, name: string, pods: string): Promise<void> {
  await core.createNamespacedResourceQuota({ namespace, body: { metadata: { name }, spec: { hard: { pods } } } })
  await eventually(async () => {
    const { status } = await core.readNamespacedResourceQuota({ namespace, name })
    return status?.hard === undefined ? undefined : true
  }, 10_000)
}

describe('while the Kubernetes API cannot be reached', () => {
  let cluster: TestCluster
  let gate: Gate
  beforeAll(async () => {
    cluster = await openTestCluster()
    gate = await openGate(cluster.kubeconfig)
  })
  afterAll(async () => {
    await cluster.close()
    gate.shut()
  })

  test('running environments go on, new ones wait, and all recover', async () => {
    const server = await cluster.start({ KUBELAMBDA_KUBECONFIG: gate.kubeconfig })
    const held = await createNode(server, 'held', answers)
    await invoke(server, held)
    gate.shut()
    // For a minute.
    for (let count = 0; count < 60; count++) expect(await invoke(server, held, { sleepMs: 1_000 })).toBe('done')
    await eventually(async () => (/API did not answer/.test(server.output()) ? true : undefined), 60_000)
    await gate.open()
    await eventually(async () => (/API answers again/.test(server.output()) ? true : undefined), 60_000)
    const fresh = await createNode(server, 'fresh', answers, { MemorySize: 256 })
    expect(await server.client.send(new InvokeCommand({ FunctionName: fresh }))).toMatchObject({ StatusCode: 200 })
  }, 300_000)
})

/** A way to the API server that can be shut. */
interface Gate {
  readonly kubeconfig: string
  shut(): void
  open(): Promise<void>
}

async function openGate(kubeconfig: string): Promise<Gate> {
  const config = new KubeConfig()
  config.loadFromFile(kubeconfig)
  const target = new URL(config.getCurrentCluster()?.server ?? '')
  const sockets = new Set<Socket>()
  let server: Server | undefined
  let port = 0
  const open = async (): Promise<void> => {
    server = createServer((near) => {
      const far = connect(Number(target.port), target.hostname)
      for (const socket of [near, far]) {
        sockets.add(socket)
        socket.on('error', () => undefined).on('close', () => sockets.delete(socket))
      }
      near.pipe(far).pipe(near)
    })
    await new Promise<void>((resolve) => server?.listen(port, '127.0.0.1', resolve))
    port = (server.address() as AddressInfo).port
  }
  await open()
  const { caData: _ca, ...rest } = config.getCurrentCluster()!
  const gated = new KubeConfig()
  const cluster = { ...rest, server: `https://127.0.0.1:${String(port)}`, skipTLSVerify: true }
  gated.loadFromClusterAndUser(cluster, config.getCurrentUser()!)
  const file = `${kubeconfig}-gate`
  writeFileSync(file, gated.exportConfig())
  const shut = (): void => {
    server?.close()
    for (const socket of sockets) socket.destroy()
  }
  return { kubeconfig: file, shut, open }
}
