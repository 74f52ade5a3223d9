import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { InvokeCommand, PutFunctionEventInvokeConfigCommand } from '@aws-sdk/client-lambda'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { V1Node, V1Pod } from '@kubernetes/client-node'
import type { RunningServer } from '../../api/testing/running-server.ts'
import { describeOnThisNode, limitMemory, signalPod } from '../testing/node-processes.ts'
import {
  createNode,
  eventually,
  failureOf,
  invoke,
  openTestCluster,
  type Failure,
  type TestCluster,
} from '../testing/test-cluster.ts'

const code = `
import { openSync, writeSync } from 'node:fs'
import { spawn } from 'node:child_process'
export const handler = async ({ id, sleepMs = 0, writeMb = 0, children = 0, ends = false }) => {
  console.log('it runs ' + id)
  if (ends) process.kill(1, 'SIGTERM')
  const file = writeMb > 0 ? openSync('/tmp/large', 'w') : 0
  for (let mb = 0; mb < writeMb; mb++) writeSync(file, Buffer.alloc(1024 * 1024, 1))
  for (let n = 0; n < children; n++) spawn('sh', ['-c', 'head -c 60000000 /dev/zero | tail'])
  await new Promise((resolve) => setTimeout(resolve, sleepMs))
  return 'done'
}`

describeOnThisNode('what ends a pod in the middle of an invocation', () => {
  let cluster: TestCluster
  let server: RunningServer
  beforeAll(async () => {
    cluster = await openTestCluster()
    server = await cluster.start()
  })
  afterAll(() => cluster.close())

  const podsOf = (name: string) => cluster.pods(`kubelambda.dev/function=${name}`)
  const nameOf = (pod: V1Pod) => pod.metadata?.name ?? ''

  /** A function with one environment, and the pod of it. */
  async function createHeld(name: string, more: Parameters<typeof createNode>[3]): Promise<V1Pod> {
    await createNode(server, name, code, more)
    expect(await invoke(server, name, { id: `${name} first` })).toBe('done')
    return eventually(async () => {
      const pods = await podsOf(name)
      return pods.length === 1 ? pods[0] : undefined
    }, 20_000)
  }

  /** Begins an invocation; resolves with its failure to come once the function runs. */
  async function begin(
    name: string,
    event: object = { sleepMs: 60_000 },
  ): Promise<{ failed: Promise<Failure | undefined> }> {
    const failed = failureOf(invoke(server, name, { id: name, ...event }))
    await eventually(async () => (server.output().includes(`it runs ${name}\n`) ? true : undefined), 20_000)
    return { failed }
  }

  /** The next invocation is served, by another pod, and the one before is no more. */
  async function expectReplaced(name: string, pod: V1Pod): Promise<void> {
    expect(await invoke(server, name, { id: `${name} next` })).toBe('done')
    const isGone = async () =>
      !(await cluster.core.listNamespacedPod({ namespace: cluster.namespace })).items.some(
        (other) => nameOf(other) === nameOf(pod),
      )
    await eventually(async () => ((await isGone()) ? true : undefined), 60_000)
  }

  test('a frozen supervisor: the invocation fails long before its timeout, and the pod is replaced', async () => {
    const pod = await createHeld('frozen', { Timeout: 900 })
    const { failed } = await begin('frozen')
    expect(signalPod(pod, '/kubelambda/supervisor.cjs', 'SIGSTOP')).toBe(1)
    expect(await failed).toEqual({ name: 'ServiceException', status: 500 })
    await expectReplaced('frozen', pod)
    expect(server.output()).toMatch(
      new RegExp(`${nameOf(pod)} of frozen was lost: its supervisor or node is unresponsive`),
    )
  })

  test('a killed supervisor: the invocation fails at once, and the pod is replaced', async () => {
    const pod = await createHeld('killed', { Timeout: 60 })
    const { failed } = await begin('killed')
    expect(signalPod(pod, '/kubelambda/supervisor.cjs', 'SIGKILL')).toBe(1)
    expect(await failed).toEqual({ name: 'ServiceException', status: 500 })
    await expectReplaced('killed', pod)
    expect(server.output()).toMatch(new RegExp(`${nameOf(pod)} of killed was lost: its supervisor ended`))
  })

  test('an eviction, such as of a node that is drained', async () => {
    const pod = await createHeld('evicted', { Timeout: 60 })
    const { failed } = await begin('evicted')
    await evict(cluster, nameOf(pod))
    expect(await failed).toEqual({ name: 'ServiceException', status: 500 })
    await expectReplaced('evicted', pod)
    expect(server.output()).toMatch(new RegExp(`${nameOf(pod)} of evicted is gone: it was deleted`))
  })

  test('a function that ends its own pod: the error blames the function, and its settings count the events', async () => {
    const pod = await createHeld('ender', { Timeout: 60 })
    const answer = invoke(server, 'ender', { id: 'ender', ends: true, sleepMs: 60_000 })
    await expect(answer).rejects.toThrow(/Runtime\.ExitError.*signal: terminated/)
    await expectReplaced('ender', pod)
    const config = { FunctionName: 'ender', MaximumRetryAttempts: 0 }
    await server.client.send(new PutFunctionEventInvokeConfigCommand(config))
    const Payload = JSON.stringify({ id: 'ender event', ends: true, sleepMs: 60_000 })
    await server.client.send(new InvokeCommand({ FunctionName: 'ender', InvocationType: 'Event', Payload }))
    await eventually(
      async () =>
        /Event \S+ of \S+:ender failed.*RetriesExhausted: .*signal: terminated/.test(server.output())
          ? true
          : undefined,
      60_000,
    )
    expect(server.output().match(/it runs ender event\n/g)).toHaveLength(1)
  }, 180_000)

  test('a full /tmp: the error blames the function, and the log names the exceeded limit', async () => {
    const pod = await createHeld('hoarder', { Timeout: 180, MemorySize: 1024 })
    const answer = invoke(server, 'hoarder', { id: 'hoarder', writeMb: 600, sleepMs: 170_000 })
    await expect(answer).rejects.toThrow(/Runtime\.ExitError.*signal: killed/)
    await expectReplaced('hoarder', pod)
    expect(server.output()).toMatch(
      new RegExp(`${nameOf(pod)} of hoarder is gone: it was evicted: .*exceeds the limit "512Mi"`),
    )
    // A kubelet measures volumes once a minute, and evicts at its next look.
  }, 240_000)

  test('an unresponsive node: its deleted pods are abandoned at once, and end when the node is back', async () => {
    const pod = await createHeld('lost', { Timeout: 60 })
    const { failed } = await begin('lost')
    const kubelet = kubelets()
    expect(kubelet).toHaveLength(1)
    for (const pid of kubelet) process.kill(pid, 'SIGSTOP')
    try {
      await cluster.core.deleteNamespacedPod({ namespace: cluster.namespace, name: nameOf(pod) })
      expect(await failed).toEqual({ name: 'ServiceException', status: 500 })
    } finally {
      for (const pid of kubelet) process.kill(pid, 'SIGCONT')
    }
    await expectReplaced('lost', pod)
  })

  test('a lost node: its invocations fail within seconds, and the next ones run elsewhere', async () => {
    const pod = await createHeld('cut-off', { Timeout: 900 })
    // The pod that others are served by, since a kubelet that stands starts none.
    const shape = pod.metadata?.labels?.['kubelambda.dev/shape'] ?? ''
    const spares = () => cluster.pods(`kubelambda.dev/shape=${shape},!kubelambda.dev/function`)
    await eventually(async () => ((await spares()).some(isReady) ? true : undefined), 60_000)
    const { failed } = await begin('cut-off')
    const kubelet = kubelets()
    for (const pid of kubelet) process.kill(pid, 'SIGSTOP')
    const reconnect = cutOff(pod)
    try {
      expect(await failed).toEqual({ name: 'ServiceException', status: 500 })
      expect(server.output()).toMatch(new RegExp(`${nameOf(pod)} of cut-off was lost: `))
      expect(await invoke(server, 'cut-off', { id: 'cut-off next' })).toBe('done')
      await eventually(async () => ((await isNodeReady(cluster)) ? undefined : true), 120_000)
      expect(await invoke(server, 'cut-off', { id: 'cut-off later' })).toBe('done')
    } finally {
      reconnect()
      for (const pid of kubelet) process.kill(pid, 'SIGCONT')
    }
    await eventually(async () => ((await isNodeReady(cluster)) ? true : undefined), 60_000)
    await expectReplaced('cut-off', pod)
  }, 300_000)

  test('a pod that runs out of memory and loses its supervisor: the error blames the function', async () => {
    const pod = await createHeld('burst', { Timeout: 60, MemorySize: 128 })
    const hasRunOut = limitMemory(pod, '/kubelambda/supervisor.cjs', 30)
    const answer = invoke(server, 'burst', { id: 'burst', children: 1, sleepMs: 60_000 })
    const told = expect(answer).rejects.toThrow(/Runtime\.OutOfMemory.*signal: killed/)
    await eventually(async () => (hasRunOut() ? true : undefined), 20_000)
    // Newer clusters end all of a container then; where only one of its processes was ended the test does so.
    signalPod(pod, '/kubelambda/supervisor.cjs', 'SIGKILL')
    await told
    await expectReplaced('burst', pod)
    expect(server.output()).toMatch(new RegExp(`${nameOf(pod)} of burst is gone: it ran out of memory`))
  })

  test('a pod that runs out of memory: the process that used it ends, and the supervisor and the environment go on', async () => {
    const pod = await createHeld('greedy', { Timeout: 60, MemorySize: 128 })
    const answer = invoke(server, 'greedy', { id: 'greedy', children: 6, sleepMs: 5_000 })
    await expect(answer).rejects.toThrow(/Runtime\.(OutOfMemory|ExitError).*signal: killed/)
    expect(await invoke(server, 'greedy', { id: 'greedy next' })).toBe('done')
    expect((await podsOf('greedy')).map(nameOf)).toEqual([nameOf(pod)])
  })
})

/** As `kubectl drain` does; clusters before 1.22 know the older version alone. */
async function evict({ core, namespace }: TestCluster, name: string): Promise<void> {
  const ask = (apiVersion: string) =>
    core.createNamespacedPodEviction({ namespace, name, body: { apiVersion, kind: 'Eviction', metadata: { name } } })
  await ask('policy/v1').catch(() => ask('policy/v1beta1'))
}

/** Nothing of this machine reaches the pod any more, until the function that is answered is called. */
function cutOff({ status }: V1Pod): () => void {
  const rule = ['OUTPUT', '-d', status?.podIP ?? '', '-j', 'DROP']
  execFileSync('iptables', ['-I', ...rule])
  return () => void execFileSync('iptables', ['-D', ...rule])
}

async function isNodeReady({ core }: TestCluster): Promise<boolean> {
  return (await core.listNode()).items.every(isReady)
}

function isReady({ status }: V1Pod | V1Node): boolean {
  const conditions: { readonly type: string; readonly status: string }[] = status?.conditions ?? []
  return conditions.some((condition) => condition.type === 'Ready' && condition.status === 'True')
}

/** Processes of this machine that are a kubelet. */
function kubelets(): number[] {
  const pids = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))
  return pids.filter((pid) => commandName(pid) === 'kubelet').map(Number)
}

function commandName(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim()
  } catch {
    return ''
  }
}
