import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  CreateFunctionCommand,
  GetFunctionCommand,
  InvokeCommand,
  PublishLayerVersionCommand,
  waitUntilFunctionActiveV2,
  type CreateFunctionCommandInput,
  type Runtime,
} from '@aws-sdk/client-lambda'
import { CoreV1Api, KubeConfig, type V1Pod } from '@kubernetes/client-node'
import { startMain, zipOf, type RunningServer } from '../../api/testing/running-server.ts'
import { buildFixture } from '../../fixtures/build.ts'
import { fixtureOf, type FixtureName } from '../../fixtures/fixtures.ts'
import { nameOf } from '../pods/pod-facts.ts'
import { hasStopped } from '../pods/pod-state.ts'

/** The prefix under which `k8s/images/build.sh` built the images of a test run. */
const imagePrefix = process.env['KUBELAMBDA_TEST_IMAGES'] ?? 'localhost/kubelambda'
export const imageOf = (name: string): string => `${imagePrefix}/${name}:latest`
const families = ['nodejs', 'python', 'ruby', 'provided']

/** A namespace of a real cluster, and servers that use it. */
export interface TestCluster {
  readonly namespace: string
  readonly core: CoreV1Api
  readonly kubeconfig: string
  /** Starts a server on this machine; all servers share one data folder. */
  start(settings?: Record<string, string>): Promise<RunningServer>
  pods(selector?: string): Promise<V1Pod[]>
  close(): Promise<void>
}

export async function openTestCluster(): Promise<TestCluster> {
  const config = new KubeConfig()
  config.loadFromDefault()
  const core = config.makeApiClient(CoreV1Api)
  const namespace = `kubelambda-test-${randomBytes(4).toString('hex')}`
  await core.createNamespace({ body: { metadata: { name: namespace } } })
  // Pods need it: a function created earlier becomes active without a check of its image.
  await eventually(
    () => core.readNamespacedServiceAccount({ name: 'default', namespace }).catch(() => undefined),
    60_000,
  )
  const folder = mkdtempSync(join(tmpdir(), 'kubelambda-cluster-'))
  const kubeconfig = join(folder, 'kubeconfig')
  writeFileSync(kubeconfig, config.exportConfig())
  const servers: RunningServer[] = []
  return {
    namespace,
    core,
    kubeconfig,
    async start(settings = {}) {
      const server = await startMain(join(folder, 'data'), {
        KUBELAMBDA_DRIVER: 'kubernetes',
        KUBELAMBDA_KUBECONFIG: kubeconfig,
        KUBELAMBDA_NAMESPACE: namespace,
        KUBELAMBDA_SERVER_NAME: 'test',
        KUBELAMBDA_POOL_SIZE: '1',
        KUBELAMBDA_SUPERVISOR_IMAGE: imageOf('supervisor'),
        KUBELAMBDA_IMAGES: families.map((family) => `${family}=${imageOf(family)}`).join(','),
        ...settings,
      })
      servers.push(server)
      return server
    },
    async pods(labelSelector) {
      const listed = await core.listNamespacedPod({
        namespace,
        ...(labelSelector === undefined ? {} : { labelSelector }),
      })
      return listed.items.filter((pod) => pod.metadata?.deletionTimestamp === undefined)
    },
    async close() {
      for (const server of servers) if (server.process.exitCode === null) server.process.kill('SIGKILL')
      // The next tests need the capacity.
      await core.deleteCollectionNamespacedPod({ namespace, gracePeriodSeconds: 1 })
      await core.deleteNamespace({ name: namespace, gracePeriodSeconds: 0 })
      await eventually(async () => {
        const { items } = await core.listNamespacedPod({ namespace })
        // A kubelet takes up to a minute to report containers that have ended.
        for (const pod of items.filter(hasStopped)) {
          await core.deleteNamespacedPod({ namespace, name: nameOf(pod), gracePeriodSeconds: 0 }).catch(() => undefined)
        }
        return items.length === 0 ? true : undefined
      }, 180_000)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Anything with a client. */
type Asked = Pick<RunningServer, 'client'>
type Overrides = Partial<
  Pick<CreateFunctionCommandInput, 'Environment' | 'Layers' | 'MemorySize' | 'Runtime' | 'Tags' | 'Timeout'>
>
const role = 'arn:aws:iam::000000000000:role/any'

/** Creates a function of a fixture and waits until it is active. */
export async function createFixture(server: Asked, name: FixtureName, more: Overrides = {}): Promise<string> {
  const { runtime, handler } = fixtureOf(name)
  const zip = readFileSync(await buildFixture(name))
  return create(server, {
    Role: role,
    FunctionName: name,
    Runtime: runtime as Runtime,
    Handler: handler,
    Code: { ZipFile: zip },
    ...more,
  })
}

/** Publishes a fixture as a layer. Returns the version's ARN. */
export async function publishLayer({ client }: Asked, name: FixtureName): Promise<string> {
  const ZipFile = readFileSync(await buildFixture(name))
  const published = await client.send(new PublishLayerVersionCommand({ LayerName: name, Content: { ZipFile } }))
  return published.LayerVersionArn ?? ''
}

/** Creates a Node.js function of this text and waits until it is active. */
export async function createNode(server: Asked, name: string, text: string, more: Overrides = {}): Promise<string> {
  const code = { ZipFile: await zipOf('index.mjs', text) }
  const input = { Role: role, FunctionName: name, Runtime: 'nodejs24.x', Handler: 'index.handler', Code: code } as const
  return create(server, { ...input, ...more })
}

async function create(server: Asked, input: CreateFunctionCommandInput): Promise<string> {
  await server.client.send(new CreateFunctionCommand(input))
  const wait = { client: server.client, maxWaitTime: 60, minDelay: 0.2, maxDelay: 1 }
  await waitUntilFunctionActiveV2(wait, { FunctionName: input.FunctionName })
  return input.FunctionName ?? ''
}

/** Invokes a function and returns its response; throws a function error. */
export async function invoke<Answer>(server: Asked, name: string, event: unknown = {}): Promise<Answer> {
  const answer = await server.client.send(new InvokeCommand({ FunctionName: name, Payload: JSON.stringify(event) }))
  const text = Buffer.from(answer.Payload ?? []).toString()
  if (answer.FunctionError !== undefined) throw new Error(text)
  return JSON.parse(text) as Answer
}

/** How an invocation failed: the error's name and HTTP status; undefined when it did not. */
export function failureOf(invocation: Promise<unknown>): Promise<Failure | undefined> {
  return invocation.then(
    () => undefined,
    (cause: unknown) => {
      const { name, $metadata } = cause as Error & { $metadata?: { httpStatusCode?: number } }
      return { name, status: $metadata?.httpStatusCode }
    },
  )
}

/** The response that a caller got. */
export interface Failure {
  readonly name: string
  readonly status: number | undefined
}

/** Why a function is in the state it is in, once it has left `Pending`. */
export async function settledState(server: RunningServer, name: string) {
  return eventually(async () => {
    const { Configuration } = await server.client.send(new GetFunctionCommand({ FunctionName: name }))
    return Configuration?.State === 'Pending' ? undefined : Configuration
  }, 60_000)
}

/** Calls `look` until it finds something; rejects at the deadline. */
export async function eventually<Found>(
  look: () => Promise<Found | undefined>,
  deadlineMs: number,
  pauseMs = 100,
): Promise<Found> {
  const end = performance.now() + deadlineMs
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    if (performance.now() > end) throw new Error(`not so within ${String(deadlineMs)} ms`)
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
}
