import { CapacityExhausted, RuntimeUnavailable } from '../../api/environments/driver/driver.ts'
import { ClusterFault, launchFault } from '../cluster/cluster-fault.ts'
import type { PodShape } from '../pods/pod-shape.ts'
import { PoolWaiters, type PoolRequest } from './pool-waiters.ts'
import type { GenericEnvironment, PoolContext } from './pool-context.ts'

const minBackoffMs = 500
const maxBackoffMs = 10_000
/** Evicted pods may be on several nodes, and a new pod has to fit on one: evict up to this many times the missing memory. */
const maxEvictionRatio = 4
/** After this many failed pods in a row, the fault is not one of their nodes. */
const maxFailures = 3
/** A launch has priority: the pool replaces the pod that it took after this delay. */
const refillMs = 50

/**
 * The generic environments of one shape: those that are ready, those that start, and the launches that wait for one. A pool is
 * suspended, and keeps no environment, until its shape is used.
 */
export class EnvironmentPool {
  readonly shape: PodShape
  readonly #context: PoolContext
  readonly #size: number
  readonly #ready: GenericEnvironment[] = []
  /** Names of starting pods, and whether they are unschedulable now. */
  readonly #starting = new Map<string, boolean>()
  readonly #waiters = new PoolWaiters()
  #fault: Error | undefined
  /** Memory evicted for launches since a pod last started, MB. */
  #evictedMb = 0
  #backoffMs = 0
  /** Pods that failed since one last started. */
  #failures = 0
  #refill: NodeJS.Timeout | undefined
  #isClosed = false
  #isSuspended = true
  #lastUsedMs: number

  constructor(shape: PodShape, size: number, context: PoolContext) {
    this.shape = shape
    this.#size = size
    this.#context = context
    this.#lastUsedMs = context.clock()
  }

  get isSuspended(): boolean {
    return this.#isSuspended
  }

  /** Whether a generic environment is ready. */
  get isReady(): boolean {
    return this.#ready.length > 0
  }

  /** How many launches wait. */
  get launches(): number {
    return this.#waiters.launches
  }

  /** Memory of the launches for which the cluster has no capacity, MB; 0 when several times as much was evicted for them without effect: they need something else. */
  get missingMb(): number {
    const missingMb = this.#missing() * this.shape.memoryMb
    return this.#evictedMb < maxEvictionRatio * missingMb ? missingMb : 0
  }

  /** Counts memory that was evicted for launches of this pool, MB. */
  charge(memoryMb: number): void {
    this.#evictedMb += memoryMb
  }

  /** The shape is in use: the pool keeps environments of it ready. */
  wake(): void {
    this.#lastUsedMs = this.#context.clock()
    if (!this.#isSuspended) return
    this.#isSuspended = false
    this.#refillLater(0)
  }

  /** Suspends the pool when its shape was not used for that long. Returns whether it is suspended. */
  suspendIfIdle(idleMs: number): boolean {
    if (this.#isSuspended) return true
    if (!this.#waiters.isEmpty || this.#context.clock() - this.#lastUsedMs < idleMs) return false
    this.#isSuspended = true
    this.empty()
    this.#dropExcess()
    return true
  }

  /** Resolves when an environment has started; rejects like `take`. */
  async untilReady(deadlineMs: number): Promise<void> {
    this.wake()
    if (!this.isReady) await this.#wait({ deadlineMs, isObserver: true })
  }

  /**
   * Resolves with the next environment. Rejects with the fault that prevented one at the deadline, or earlier when there is no capacity
   * and the launch is not needed any more.
   */
  take(deadlineMs: number, isNeeded?: () => boolean): Promise<GenericEnvironment> {
    this.wake()
    for (let next = this.#ready.pop(); next !== undefined; next = this.#ready.pop()) {
      if (next.socket.destroyed) continue
      this.#refillLater(refillMs)
      return Promise.resolve(next)
    }
    return this.#wait({ deadlineMs, ...(isNeeded && { isNeeded }) })
  }

  #wait(request: PoolRequest): Promise<GenericEnvironment> {
    const waiting = this.#waiters.wait(request, () => {
      this.#dropExcess()
      return this.#fault ?? new Error(`No pod of ${this.shape.image} became ready in time`)
    })
    this.#backoffMs = 0
    this.fill()
    return waiting
  }

  /** Creates as many pods as are missing. */
  fill(): void {
    clearTimeout(this.#refill)
    this.#refill = undefined
    if (this.#isClosed) return
    const missing = this.#wanted() - this.#ready.length - this.#starting.size
    for (let index = 0; index < missing; index++) void this.#create()
  }

  /** Rejects launches that are not needed any more and for which there is no capacity. */
  dropUnneeded(): void {
    const missing = this.#missing()
    if (this.#fault !== undefined && this.#waiters.failUnneeded(missing, this.#fault) > 0) this.#dropExcess()
  }

  /** Capacity was freed. Recreates the pods that launches wait for: the Kubernetes scheduler retries an old pod only every 10 s. */
  renew(): void {
    if (this.launches === 0) return
    this.#discardUnschedulable()
    this.fill()
  }

  /** Takes a connected pod of this shape. One that was discarded since it was expected is ended. */
  offer(environment: GenericEnvironment): void {
    if (!this.#starting.delete(environment.name)) return this.#end(environment)
    if (![...this.#starting.values()].includes(true)) this.#fault = undefined
    this.#evictedMb = 0
    this.#backoffMs = 0
    this.#failures = 0
    if (this.#waiters.serve(environment)) return
    if (this.#ready.length >= this.#targetSize() || this.#isClosed) return this.#end(environment)
    this.#ready.push(environment)
    environment.socket.resume()
    environment.socket.once('close', () => this.#forget(environment))
  }

  /** Announces a pod of this shape that will be offered. */
  expect(name: string): void {
    this.#starting.set(name, false)
  }

  /** Takes over a pod that this server created before its restart, or ends it when it is not needed. */
  adopt(name: string): void {
    if (this.#starting.size + this.#ready.length < this.#wanted()) this.expect(name)
    else this.#context.end(name, this.shape.namespace)
  }

  /** Withdraws the announcement: another server has the pod, or it is gone. */
  withdraw(name: string): void {
    this.#starting.delete(name)
    this.#refillLater(refillMs)
  }

  isStarting(name: string): boolean {
    return this.#starting.has(name)
  }

  /** No node can take a starting pod now. */
  markUnschedulable(name: string, reason: string): void {
    if (!this.#starting.has(name)) return
    this.#note(new CapacityExhausted(`No node has capacity for a pod of ${String(this.shape.memoryMb)} MB: ${reason}`))
    if (!/Insufficient|Too many pods/.test(reason)) return
    this.#starting.set(name, true)
    this.#context.searchCapacity()
  }

  /** A starting pod failed. Unless `isCertain` for all pods of the shape, others may start on other nodes, or later. */
  fail(name: string, fault: Error, isCertain: boolean): void {
    if (this.isStarting(name)) this.abandon(name, fault, ++this.#failures >= maxFailures || isCertain)
  }

  /** A starting pod will never start. `isFinal`: another one would not either. */
  abandon(name: string, fault: Error, isFinal: boolean): void {
    if (!this.#starting.delete(name)) return
    this.#note(fault)
    if (fault instanceof CapacityExhausted) this.#context.searchCapacity()
    if (isFinal) this.#waiters.failAll(fault)
    this.#retryLater()
  }

  /** Disconnects from all ready and starting pods, which live on. */
  close(): void {
    this.#isClosed = true
    clearTimeout(this.#refill)
    this.#waiters.failAll(new Error('The driver is closed'))
    for (const { socket } of this.#ready.splice(0)) socket.destroy()
  }

  /** Ends all ready and unschedulable pods, because the shape is not in use, or other launches need the capacity for a while. */
  empty(): void {
    for (const environment of this.#ready.splice(0)) this.#end(environment)
    this.#discardUnschedulable()
    if (!this.#isSuspended) this.#refillLater(maxBackoffMs)
  }

  #end({ name, namespace, socket }: GenericEnvironment): void {
    socket.destroy()
    this.#context.end(name, namespace)
  }

  /** How many launches have no pod starting for them for lack of capacity. */
  #missing(): number {
    if (!(this.#fault instanceof CapacityExhausted)) return 0
    return Math.max(
      0,
      this.launches - [...this.#starting.values()].filter((isUnschedulable) => !isUnschedulable).length,
    )
  }

  #wanted(): number {
    return this.#isClosed ? 0 : this.#targetSize() + this.launches
  }

  /** How many environments to keep ready. */
  #targetSize(): number {
    return this.#isSuspended ? 0 : this.#size
  }

  async #create(): Promise<void> {
    const { name, create } = this.#context.plan(this.shape)
    this.#starting.set(name, false)
    try {
      await create()
    } catch (cause) {
      const fault = cause instanceof Error ? cause : new Error(String(cause))
      const isFinal = fault instanceof ClusterFault && (fault.kind === 'forbidden' || fault.kind === 'invalid')
      this.abandon(name, launchFault(fault), isFinal)
    }
  }

  #retryLater(): void {
    this.#backoffMs = Math.min(maxBackoffMs, this.#backoffMs === 0 ? minBackoffMs : this.#backoffMs * 2)
    this.#refillLater(this.#backoffMs)
  }

  #refillLater(delayMs: number): void {
    this.#refill ??= setTimeout(() => this.fill(), delayMs).unref()
  }

  /** Logs each fault once until a pod starts. Observers are rejected at once: they try again later. */
  #note(fault: Error): void {
    if (this.#fault?.message !== fault.message) this.#context.warn(fault.message)
    this.#fault = fault
    if (!(fault instanceof RuntimeUnavailable)) this.#waiters.failObservers(fault)
  }

  /** Ends pods that start for launches that were rejected. */
  #dropExcess(): void {
    let excess = this.#ready.length + this.#starting.size - this.#wanted()
    const unschedulableFirst = [...this.#starting]
      .toReversed()
      .toSorted(([, one], [, other]) => Number(other) - Number(one))
    for (const [name] of unschedulableFirst) {
      if (excess-- <= 0) return
      this.#discard(name)
    }
  }

  #discardUnschedulable(): void {
    for (const [name, isUnschedulable] of this.#starting) if (isUnschedulable) this.#discard(name)
  }

  #discard(name: string): void {
    this.#starting.delete(name)
    this.#context.end(name, this.shape.namespace)
  }

  #forget(environment: GenericEnvironment): void {
    const index = this.#ready.indexOf(environment)
    if (index < 0) return
    this.#ready.splice(index, 1)
    this.#context.end(environment.name, environment.namespace)
    this.#refillLater(minBackoffMs)
  }
}
