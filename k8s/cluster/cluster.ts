import {
  AuthorizationV1Api,
  CoreV1Api,
  KubeConfig,
  PatchStrategy,
  setHeaderOptions,
  Watch,
  type V1Pod,
} from '@kubernetes/client-node'
import { clusterFault, ClusterFault } from './cluster-fault.ts'
import { environmentSelector } from './labels.ts'

/** The pods of a cluster. Every failure is a `ClusterFault`, and every request has a deadline. */
export interface Cluster {
  create(pod: V1Pod): Promise<V1Pod>
  /** Undefined when there is none. */
  read(namespace: string, name: string): Promise<V1Pod | undefined>
  /** Also succeeds when the pod does not exist. */
  remove(namespace: string, name: string, graceSeconds: number): Promise<void>
  /** Adds labels and annotations. */
  annotate(namespace: string, name: string, metadata: Metadata): Promise<void>
  list(namespace: string): Promise<PodList>
  /** Reports changes since a resource version; resolves with a function that aborts. `onEnd` is called exactly once. */
  watch(
    namespace: string,
    version: string,
    onEvent: OnEvent,
    onEnd: (fault?: ClusterFault) => void,
  ): Promise<() => void>
  /** Rejects with one line that names the missing rights. */
  checkRights(namespace: string): Promise<void>
}

export interface Metadata {
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}

export interface PodList {
  readonly pods: readonly V1Pod[]
  readonly version: string
}

export type OnEvent = (type: string, pod: V1Pod) => void

/** A watch is renewed after this time. The client times out after 30 s without data. */
const watchSeconds = 25
const requestTimeoutMs = 10_000

/** Connects by a kubeconfig file or, inside a pod, by its service account. */
export function connectCluster(kubeconfig: string | undefined): Cluster {
  const config = loadConfig(kubeconfig)
  const core = config.makeApiClient(CoreV1Api)
  const authorization = config.makeApiClient(AuthorizationV1Api)
  const watcher = new Watch(config)
  return {
    create: (pod) =>
      sendRequest('create pods', () =>
        core.createNamespacedPod({ namespace: pod.metadata?.namespace ?? '', body: pod }),
      ),
    read: (namespace, name) =>
      ignoreMissing(sendRequest('get pods', () => core.readNamespacedPod({ namespace, name }))),
    remove: async (namespace, name, gracePeriodSeconds) => {
      await ignoreMissing(
        sendRequest('delete pods', () => core.deleteNamespacedPod({ namespace, name, gracePeriodSeconds })),
      )
    },
    annotate: async (namespace, name, metadata) => {
      const merge = setHeaderOptions('Content-Type', PatchStrategy.MergePatch)
      await sendRequest('patch pods', () => core.patchNamespacedPod({ namespace, name, body: { metadata } }, merge))
    },
    list: async (namespace) => {
      const listed = await sendRequest('list pods', () =>
        core.listNamespacedPod({ namespace, labelSelector: environmentSelector }),
      )
      return { pods: listed.items, version: listed.metadata?.resourceVersion ?? '' }
    },
    watch: async (namespace, version, onEvent, onEnd) => {
      const query = {
        labelSelector: environmentSelector,
        resourceVersion: version,
        allowWatchBookmarks: true,
        timeoutSeconds: watchSeconds,
      }
      const path = `/api/v1/namespaces/${namespace}/pods`
      const done = (error: unknown): void => {
        const isOver =
          error === null || error === undefined || (error instanceof Error && error.name === 'TimeoutError')
        onEnd(isOver ? undefined : clusterFault('watch pods', error))
      }
      const controller = await watcher.watch(path, query, (type, pod: V1Pod) => onEvent(type, pod), done)
      return () => controller.abort()
    },
    checkRights: (namespace) => checkRights(authorization, namespace),
  }
}

/** Loads a kubeconfig file, else the default locations, which include a pod's service account. */
export function loadConfig(kubeconfig: string | undefined): KubeConfig {
  const config = new KubeConfig()
  const name = kubeconfig ?? 'the kubeconfig'
  const refuse = (reason: string): never => {
    throw new ClusterFault('invalid', `KUBELAMBDA_KUBECONFIG: ${name} cannot be used: ${reason}`)
  }
  try {
    if (kubeconfig === undefined) config.loadFromDefault()
    else config.loadFromFile(kubeconfig)
  } catch (cause) {
    refuse(cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause))
  }
  const server = config.getCurrentCluster()?.server
  if (server === undefined) refuse('it names no current cluster')
  // The client's default when it finds no configuration.
  if (server === 'http://localhost:8080') refuse('there is none: name a file, or run the server in a pod')
  return config
}

/** Sends a request with a deadline. A failure is a `ClusterFault` that names the task. */
export async function sendRequest<Answer>(task: string, send: () => Promise<Answer>): Promise<Answer> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`no response within  ${String(requestTimeoutMs / 1000)} s`)),
      requestTimeoutMs,
    )
  })
  try {
    return await Promise.race([send(), late])
  } catch (cause) {
    throw clusterFault(task, cause)
  } finally {
    clearTimeout(timer)
  }
}

async function ignoreMissing<Answer>(answer: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await answer
  } catch (fault) {
    if (fault instanceof ClusterFault && fault.kind === 'missing') return undefined
    throw fault
  }
}

async function checkRights(authorization: AuthorizationV1Api, namespace: string): Promise<void> {
  const verbs = ['create', 'get', 'list', 'watch', 'patch', 'delete']
  const answers = await Promise.all(
    verbs.map((verb) => {
      const body = { spec: { resourceAttributes: { namespace, verb, resource: 'pods' } } }
      return sendRequest('check its rights', () => authorization.createSelfSubjectAccessReview({ body }))
    }),
  )
  const missing = verbs.filter((_, index) => answers[index]?.status?.allowed !== true)
  if (missing.length === 0) return
  throw new ClusterFault(
    'forbidden',
    `KUBELAMBDA_NAMESPACE, KUBELAMBDA_NAMESPACES: the server may not ${missing.join(', ')} pods in namespace ` +
      `${namespace}: give its service account the Role of k8s/manifests there, or choose another namespace`,
  )
}
