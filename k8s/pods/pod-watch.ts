import type { V1Pod } from '@kubernetes/client-node'
import { setTimeout as delay } from 'node:timers/promises'
import { clusterFault, type ClusterFault } from '../cluster/cluster-fault.ts'
import type { Cluster } from '../cluster/cluster.ts'

/** Follows the pods of a namespace: reports every change once, and after a gap the difference. */
export interface PodWatch {
  /** All pods as last seen. */
  readonly pods: ReadonlyMap<string, V1Pod>
  close(): void
}

export interface PodWatchOptions {
  readonly cluster: Pick<Cluster, 'list' | 'watch'>
  readonly namespace: string
  readonly onChange: (pod: V1Pod) => void
  readonly onGone: (pod: V1Pod) => void
  /** Once when the watch breaks, again when it is back. */
  readonly onFault: (fault: ClusterFault) => void
  readonly onRecovered: () => void
}

const initialDelayMs = 200
const maxDelayMs = 5_000

/** Lists the pods, then watches them until closed. Rejects when the pods cannot be listed. */
export async function watchPods(options: PodWatchOptions): Promise<PodWatch> {
  const watch = new ListAndWatch(options)
  await watch.start()
  return watch
}

class ListAndWatch implements PodWatch {
  readonly pods = new Map<string, V1Pod>()
  readonly #options: PodWatchOptions
  #abortWatch: () => void = () => undefined
  #isClosed = false

  constructor(options: PodWatchOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    const version = await this.#list()
    void this.#run(version)
  }

  close(): void {
    this.#isClosed = true
    this.#abortWatch()
  }

  async #run(first: string): Promise<void> {
    let version: string | undefined = first
    let pauseMs = initialDelayMs
    let isBroken = false
    while (!this.#isClosed) {
      try {
        version ??= await this.#list()
        if (isBroken) this.#options.onRecovered()
        isBroken = false
        version = await this.#follow(version)
        pauseMs = initialDelayMs
        // A version that expires at once must not cause a flood of requests.
        if (version === undefined) await delay(initialDelayMs, undefined, { ref: false })
      } catch (cause) {
        if (!isBroken) this.#options.onFault(clusterFault('watch pods', cause))
        isBroken = true
        version = undefined
        await delay(pauseMs, undefined, { ref: false })
        pauseMs = Math.min(maxDelayMs, pauseMs * 2)
      }
    }
  }

  /** Lists the pods and reports the changes. */
  async #list(): Promise<string> {
    const listed = await this.#options.cluster.list(this.#options.namespace)
    const names = new Set(listed.pods.map(nameOf))
    for (const [name, pod] of [...this.pods]) if (!names.has(name)) this.#remove(pod)
    for (const pod of listed.pods) {
      if (this.pods.get(nameOf(pod))?.metadata?.resourceVersion !== pod.metadata?.resourceVersion) this.#upsert(pod)
    }
    return listed.version
  }

  /** Returns the resource version to continue from; undefined when the history has expired. */
  #follow(version: string): Promise<string | undefined> {
    let newest: string | undefined = version
    return new Promise((resolve, reject) => {
      const onEvent = (type: string, pod: V1Pod): void => {
        if (this.#isClosed) return
        if (type === 'ERROR') {
          newest = undefined
          return this.#abortWatch()
        }
        newest = pod.metadata?.resourceVersion ?? newest
        if (type === 'DELETED') this.#remove(pod)
        else if (type !== 'BOOKMARK') this.#upsert(pod)
      }
      const onEnd = (fault?: ClusterFault): void => {
        if (fault === undefined || newest === undefined || this.#isClosed) resolve(newest)
        else if (fault.kind === 'expired') resolve(undefined)
        else reject(fault)
      }
      this.#options.cluster.watch(this.#options.namespace, version, onEvent, onEnd).then((stop) => {
        this.#abortWatch = stop
        if (this.#isClosed) stop()
      }, reject)
    })
  }

  #upsert(pod: V1Pod): void {
    this.pods.set(nameOf(pod), pod)
    this.#options.onChange(pod)
  }

  #remove(pod: V1Pod): void {
    if (this.pods.delete(nameOf(pod))) this.#options.onGone(pod)
  }
}

function nameOf(pod: V1Pod): string {
  return pod.metadata?.name ?? ''
}
