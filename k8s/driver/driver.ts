import type { V1Pod } from '@kubernetes/client-node'
import type { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import {
  RuntimeUnavailable,
  type Driver,
  type EnvironmentSpec,
  type FoundEnvironment,
  type Launched,
} from '../../api/environments/driver/driver.ts'
import { podAssignment } from '../pods/pod-assignment.ts'
import { ClusterFault } from '../cluster/cluster-fault.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { createCodePush, PodLost } from '../connections/code-push.ts'
import type { EnvironmentPool } from '../pools/environment-pool.ts'
import { EnvironmentPools } from '../pools/environment-pools.ts'
import { connectGenerics, type GenericConnections } from '../pools/generic-connections.ts'
import { annotations } from '../cluster/labels.ts'
import { labelPod } from '../pods/pod-label.ts'
import { removePods, type PodRemoval } from '../pods/pod-removal.ts'
import { shapeOf, type PodShape } from '../pods/pod-shape.ts'
import { genericPod } from '../pods/pod-spec.ts'
import { reachPod } from '../connections/pod-connection.ts'
import { followEndings } from '../pods/pod-endings.ts'
import { foundEnvironment, isAssigned, isLongAgo, nameOf, shapeIdOf, shapeOfPod } from '../pods/pod-facts.ts'
import { brokenFault, hasFailed, hasStopped, lostFault, podState } from '../pods/pod-state.ts'
import { openPodCache, type PodCache } from '../pods/pod-cache.ts'
import { allowedNamespaces, type KubernetesSettings } from '../settings.ts'

export interface KubernetesDriverOptions {
  readonly cluster: Cluster
  readonly settings: KubernetesSettings
  readonly code: { read(sha256: string): Promise<Uint8Array | undefined> }
  readonly accountId: string
  readonly region: string
  readonly log: { warn(line: string): void; info(line: string): void }
  /** Grows with each call, over all servers and restarts. */
  readonly nextToken: () => Promise<number>
  /** Whether the server that started a generic environment is dead, so that this one may adopt it. */
  readonly isOwnerGone: (server: string) => Promise<boolean>
  /** Adopts a generic environment of a dead server; false when another server was faster. */
  readonly claim: (id: string) => Promise<boolean>
  /** Ends the wait for a cluster that cannot be reached yet. */
  readonly signal?: AbortSignal | undefined
}

const takeOverMs = 5_000
/** A pod may take this long to start, as it may have to pull its image first. */
const prepareMs = 600_000
/** The retry interval while the cluster cannot be reached at the start. */
const retryMs = 1_000
/** How often to look for generic environments of dead servers and of unused shapes. */
const adoptMs = 15_000

/**
 * Runs environments in pods. Startup waits for an unreachable cluster; any other fault is an error of one line.
 *
 * 1. watch    all pods of environments, before anything else                    ../pods/pod-cache.ts, pod-watch.ts, pod-state.ts
 * 2. pool     generic pods per shape are created, connected and kept           ../pools/environment-pool.ts, ../pods/pod-spec.ts
 * 3. take     one that is connected, else wait for the next                    ../connections/supervisor-connection.ts
 * 4. push     the code, and with it what the caller sends: the assignment      ../connections/code-push.ts, ../pods/pod-assignment.ts
 * 5. label    the pod as the function's, behind the launch                     ../pods/pod-label.ts
 * 6. end      pods of environments that are gone                               ../pods/pod-removal.ts
 */
export async function createKubernetesDriver(options: KubernetesDriverOptions): Promise<Driver> {
  for (let tries = 0; ; tries++) {
    try {
      return await startDriver(options)
    } catch (fault) {
      if (!(fault instanceof ClusterFault) || fault.kind !== 'unreachable') throw fault
      if (tries === 0) options.log.warn(`KUBELAMBDA_KUBECONFIG: ${fault.message}. Waiting for it.`)
      await delay(retryMs, undefined, { signal: options.signal })
    }
  }
}

async function startDriver(options: KubernetesDriverOptions): Promise<KubernetesDriver> {
  const { cluster, settings } = options
  await Promise.all(allowedNamespaces(settings).map((namespace) => cluster.checkRights(namespace)))
  const driver = new KubernetesDriver(options)
  await driver.start()
  return driver
}

class KubernetesDriver implements Driver {
  readonly launchesAtOnce = 1000
  readonly shared = {
    list: (): Promise<FoundEnvironment[]> => Promise.resolve(this.#found()),
    exists: (id: string): boolean => this.#pods?.find(id) !== undefined,
    takeOver: (id: string, spec: EnvironmentSpec, token: number) => this.#takeOver(id, spec, token),
    end: (id: string) => this.#removal.end(id, this.#namespaceOf(id)),
  }
  readonly #options: KubernetesDriverOptions
  readonly #push: ReturnType<typeof createCodePush>
  readonly #pools: EnvironmentPools
  readonly #removal: PodRemoval
  readonly #endings = followEndings((name) => this.#pods?.find(name))
  /** Connections to environments that are a function's own, by pod. */
  readonly #assigned = new Map<string, { readonly socket: Socket; readonly namespace: string }>()
  /** Pods whose connection closed unexpectedly, until the cluster reports why. */
  readonly #unexplained = new Set<string>()
  readonly #generics: GenericConnections
  readonly onCapacityNeeded = (evict: () => Promise<string | undefined>) => void (this.#evict = evict)
  #pods: PodCache | undefined
  #adopter: NodeJS.Timeout | undefined
  #evict: () => Promise<string | undefined> = () => Promise.resolve(undefined)
  #isStarting = true
  #isClosed = false

  constructor(options: KubernetesDriverOptions) {
    this.#options = options
    this.#push = createCodePush(options.code)
    this.#removal = removePods(options.cluster, (line) => options.log.warn(line))
    this.#pools = new EnvironmentPools({
      size: options.settings.poolSize,
      idleMs: options.settings.poolIdleMs,
      plan: (shape) => this.#plan(shape),
      end: (name, namespace) => this.#removal.end(name, namespace),
      pods: () => this.#pods?.all() ?? [],
      isEnding: (name) => this.#removal.isEnding(name),
      evict: () => this.#evict(),
      warn: (line) => options.log.warn(line),
      clock: () => performance.now(),
    })
    this.#generics = connectGenerics({ ...options, removal: this.#removal, isClosed: () => this.#isClosed })
  }

  async start(): Promise<void> {
    const { cluster, settings, log } = this.#options
    this.#pods = await openPodCache({
      cluster,
      namespaces: allowedNamespaces(settings),
      onChange: (pod) => this.#onChange(pod, true),
      onGone: (pod) => this.#onGone(pod, 'its pod was deleted'),
      onFault: (fault) =>
        log.warn(`${fault.message}. Environments that run go on; new ones have to wait until it answers again.`),
      onRecovered: () => log.info('The Kubernetes API answers again.'),
    })
    this.#isStarting = false
    await this.#generics.settled()
    this.#adopter = setInterval(() => this.#reconcile(), adoptMs).unref()
  }

  async launch(spec: EnvironmentSpec, isNeeded?: () => boolean): Promise<Launched> {
    const pool = this.#pools.of(shapeOf(spec, this.#options.settings))
    const launch = () => this.#launchIn(pool, spec, isNeeded)
    return launch().catch((cause: unknown) => (cause instanceof PodLost ? launch() : Promise.reject(cause as Error)))
  }

  async #launchIn(pool: EnvironmentPool, spec: EnvironmentSpec, isNeeded?: () => boolean): Promise<Launched> {
    const assignment = podAssignment(spec, this.#options)
    const { name, namespace, socket, answersPings } = await pool.take(this.#options.settings.startMs, isNeeded)
    this.#assign(name, socket, namespace)
    try {
      await this.#push.send(spec, socket)
      if (socket.destroyed) throw new PodLost('The environment was lost before it was assigned')
    } catch (cause) {
      this.#end(name)
      throw cause
    }
    void labelPod(this.#options, { name, namespace, spec, isWanted: () => this.#assigned.has(name) })
    return { id: name, channel: socket, assignment, answersPings, ...this.#handles(name, socket) }
  }

  async prepare(spec: EnvironmentSpec): Promise<void> {
    const pool = this.#pools.of(shapeOf(spec, this.#options.settings))
    if (this.#options.settings.poolSize === 0) return
    try {
      await pool.untilReady(prepareMs)
    } catch (cause) {
      // Missing capacity and an unreachable API are temporary: launches retry.
      if (cause instanceof RuntimeUnavailable) throw cause
    }
  }

  close(): Promise<void> {
    this.#isClosed = true
    clearInterval(this.#adopter)
    this.#pods?.close()
    this.#pools.close()
    return this.#removal.settled()
  }

  #assign(name: string, socket: Socket, namespace: string): void {
    this.#assigned.set(name, { socket, namespace })
    socket.once('close', () => {
      if (this.#assigned.get(name)?.socket === socket) this.#unexplained.add(name)
    })
  }

  #handles(name: string, socket: Socket): Pick<Launched, 'kill' | 'release' | 'endedByFunction'> {
    return {
      endedByFunction: () => this.#endings.byFunction(name),
      kill: () => {
        if (this.#assigned.get(name)?.socket === socket) this.#end(name)
      },
      release: () => {
        socket.end()
        if (this.#assigned.get(name)?.socket === socket) this.#assigned.delete(name)
      },
    }
  }

  #end(name: string): void {
    const namespace = this.#namespaceOf(name)
    this.#assigned.get(name)?.socket.destroy()
    this.#assigned.delete(name)
    this.#removal.end(name, namespace)
  }

  #namespaceOf(name: string): string {
    const seen = this.#assigned.get(name)?.namespace ?? this.#pods?.find(name)?.metadata?.namespace
    return seen ?? this.#options.settings.namespace
  }

  #plan(shape: PodShape) {
    const pod = genericPod(shape, this.#options.settings)
    return { name: nameOf(pod), create: () => this.#options.cluster.create(pod) }
  }

  #onChange(pod: V1Pod, isNews: boolean): void {
    const state = podState(pod)
    const [name, shape] = [nameOf(pod), shapeOfPod(pod)]
    if (state.kind === 'ended') return this.#onGone(pod, state.reason)
    if (this.#isClosed || this.#removal.isEnding(name) || isAssigned(pod) || this.#assigned.has(name)) return
    if (shape === undefined) return
    const pool = this.#pools.of(shape)
    // A shape is in use when earlier servers left pods of it, or when another server starts some.
    if (this.#isStarting || (isNews && state.kind === 'starting')) pool.wake()
    if (state.kind === 'running') return this.#generics.connect(pod, pool)
    if (this.#isStarting && this.#generics.isOwn(pod)) pool.adopt(name)
    const isStuck = state.kind !== 'starting' || isLongAgo(pod.metadata?.creationTimestamp, prepareMs)
    if (!pool.isStarting(name)) {
      if (isStuck && (this.#isStarting || !isNews)) void this.#generics.endOrphaned(pod)
      return
    }
    if (state.kind === 'unschedulable') return pool.markUnschedulable(name, state.reason)
    if (!isStuck) return pool.expect(name)
    this.#removal.end(name, pod.metadata?.namespace ?? '')
    if (state.kind === 'broken') pool.fail(name, brokenFault(state.cause, state.reason), state.isCertain)
    else
      pool.abandon(name, new Error(`The pod ${name} did not start within ${String(prepareMs / 60_000)} minutes`), false)
  }

  #onGone(pod: V1Pod, reason: string): void {
    const [name, namespace] = [nameOf(pod), pod.metadata?.namespace ?? '']
    this.#endings.ended(pod)
    const socket = this.#assigned.get(name)?.socket
    const isExpected = this.#removal.isEnding(name)
    const isOver = this.#pods?.find(name) === undefined
    const isExplained = this.#unexplained.has(name) && hasFailed(pod)
    if (isExplained || (socket !== undefined && !isExpected)) {
      const whose = pod.metadata?.annotations?.[annotations.function] ?? 'no function'
      this.#options.log.warn(`The environment ${name} of ${whose} is gone: ${reason}`)
    }
    if (isExplained || isOver) this.#unexplained.delete(name)
    this.#assigned.delete(name)
    socket?.destroy()
    this.#generics.forget(name)
    this.#pools.find(shapeIdOf(pod))?.abandon(name, lostFault(pod, reason), false)
    // A finished pod remains as an object until it is deleted.
    if (pod.metadata?.deletionTimestamp === undefined) this.#removal.end(name, namespace)
    else if (hasStopped(pod)) this.#removal.stopped(name, namespace)
    else if (socket !== undefined) this.#removal.deleted(name)
    if (!isOver) return
    this.#removal.gone(name)
    this.#pools.gone(pod)
  }

  /** Adopts generic environments of dead servers, and ends unneeded ones. */
  #reconcile(): void {
    const pods = this.#pods?.all() ?? []
    for (const pod of pods) this.#onChange(pod, false)
    this.#pools.suspendIfIdle(new Set(pods.filter(isAssigned).map(shapeIdOf)))
  }

  #found(): FoundEnvironment[] {
    const pods = (this.#pods?.all() ?? []).filter((pod) => !this.#removal.isEnding(nameOf(pod)))
    return pods.map(foundEnvironment).filter((found) => found !== undefined)
  }

  async #takeOver(id: string, spec: EnvironmentSpec, token: number): Promise<Launched> {
    const pod = this.#pods?.find(id)
    if (pod === undefined) throw new Error(`The environment ${id} is gone`)
    const { socket, status, answersPings } = await reachPod(pod, token, takeOverMs)
    if (status.state === 'generic' || status.key !== spec.key) {
      socket.destroy()
      throw new Error(`The environment ${id} is another function's`)
    }
    this.#assign(id, socket, this.#namespaceOf(id))
    return {
      id,
      channel: socket,
      assignment: podAssignment(spec, this.#options),
      found: status.state,
      answersPings,
      ...this.#handles(id, socket),
    }
  }
}
