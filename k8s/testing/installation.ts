import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { LambdaClient } from '@aws-sdk/client-lambda'
import { CoreV1Api, KubeConfig, type V1Pod } from '@kubernetes/client-node'
import { eventually } from './test-cluster.ts'

/** The namespace of the manifests. */
export const namespace = 'kubelambda'
const run = promisify(execFile)

/** Resolves with the output of `kubectl`; rejects with its error output. */
export async function kubectl(...args: string[]): Promise<string> {
  return (await run('kubectl', args, { maxBuffer: 16 * 1024 * 1024 })).stdout
}

/** Servers and Redis as the manifests install them. */
export interface Installation {
  readonly core: CoreV1Api
  /** A client of the Service without retries, which would hide failures. */
  readonly client: LambdaClient
  /** A client of one server. */
  clientOf(server: V1Pod): LambdaClient
  /** The servers that are ready and not terminating. */
  servers(): Promise<V1Pod[]>
  /** Resolves when exactly this many servers are ready. */
  settled(count: number): Promise<V1Pod[]>
  /** Pods that are not terminating. */
  pods(selector: string): Promise<V1Pod[]>
  /** The logs of all servers. */
  logs(): Promise<string>
}

/** Installs the manifests, or uses the installation of an earlier test file; `settings` are added to the servers. */
export async function openInstallation(
  replicas = 2,
  settings: Readonly<Record<string, string>> = {},
): Promise<Installation> {
  const config = new KubeConfig()
  config.loadFromDefault()
  const core = config.makeApiClient(CoreV1Api)
  await kubectl('apply', '-k', 'k8s/manifests/overlays/test')
  await setVariables(Object.entries(settings).map(([name, value]) => `${name}=${value}`))
  await kubectl('-n', namespace, 'scale', 'deployment/kubelambda', `--replicas=${String(replicas)}`)
  await kubectl('-n', namespace, 'rollout', 'status', 'statefulset/redis', '--timeout=120s')
  await kubectl('-n', namespace, 'rollout', 'status', 'deployment/kubelambda', '--timeout=180s')
  const { spec } = await core.readNamespacedService({ namespace, name: 'kubelambda' })
  const installation = installationOf(core, spec?.clusterIP ?? '')
  await installation.settled(replicas)
  return installation
}

/** Removes settings that an installation was opened with. */
export async function removeSettings(settings: Readonly<Record<string, string>>): Promise<void> {
  await setVariables(Object.keys(settings).map((name) => `${name}-`))
}

async function setVariables(changes: readonly string[]): Promise<void> {
  if (changes.length === 0) return
  await kubectl('-n', namespace, 'set', 'env', 'deployment/kubelambda', '--containers=server', ...changes)
}

const serverSelector = 'app.kubernetes.io/name=kubelambda'

function installationOf(core: CoreV1Api, serviceAddress: string): Installation {
  const pods = async (labelSelector: string): Promise<V1Pod[]> => {
    const { items } = await core.listNamespacedPod({ namespace, labelSelector })
    return items.filter(({ metadata }) => metadata?.deletionTimestamp === undefined)
  }
  const servers = async () => (await pods(serverSelector)).filter(isReady)
  return {
    core,
    client: clientAt(`http://${serviceAddress}`),
    clientOf: ({ status }) => clientAt(`http://${status?.podIP ?? ''}:9000`),
    servers,
    settled: (count) =>
      eventually(async () => {
        const { items } = await core.listNamespacedPod({ namespace, labelSelector: serverSelector })
        const found = await servers()
        return items.length === count && found.length === count ? found : undefined
      }, 180_000),
    pods,
    logs: () => kubectl('-n', namespace, 'logs', '-l', serverSelector, '-c', 'server', '--tail=-1'),
  }
}

function clientAt(endpoint: string): LambdaClient {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
  // A request without a response must fail rather than wait for ever.
  const requestHandler = { requestTimeout: 120_000, throwOnRequestTimeout: true }
  return new LambdaClient({ endpoint, region: 'us-east-1', credentials, maxAttempts: 1, requestHandler })
}

function isReady({ status }: V1Pod): boolean {
  return status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') === true
}

/**
 * Removes the installation and waits until it is gone. Deletes pods first: otherwise servers drain for as long as an invocation may
 * run, and a namespace with pods in it takes half of that.
 */
export async function removeInstallation(): Promise<void> {
  const isThere = async () => (await kubectl('get', 'namespace', namespace, '--ignore-not-found', '-o', 'name')) !== ''
  if (!(await isThere())) return
  await eventually(async () => {
    await kubectl('-n', namespace, 'delete', 'deployment,replicaset,statefulset', '--all')
    await kubectl('-n', namespace, 'delete', 'pods', '--all', '--grace-period=0', '--force')
    return (await kubectl('-n', namespace, 'get', 'pods', '-o', 'name')) === '' ? true : undefined
  }, 60_000)
  await kubectl('delete', 'namespace', namespace, '--wait=false', '--ignore-not-found')
  await eventually(async () => ((await isThere()) ? undefined : true), 300_000)
}
