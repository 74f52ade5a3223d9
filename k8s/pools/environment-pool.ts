import { CapacityExhausted, RuntimeUnavailable } from '../../api/environments/driver/driver.ts'
import { ClusterFault, launchFault } from '../cluster/cluster-fault.ts'
import type { PodShape } from '../pods/pod-shape.ts'
import { PoolWaiters, type Want } from './pool-waiters.ts'
import type { GenericEnvironment, PoolContext } from './pool-context.ts'

const firstPauseMs = 500
const longestPauseMs = 10_000
/** What goes may be on several nodes, and a pod has to fit on one. */
const maxSent = 4
/** So many pods in a row that do not start are no fault of their nodes. */
const maxFailures = 3
/** A launch goes first: the pod that replaces the one it took is started a moment later. */
const refillMs = 50

/**
 * The generic environments of one shape: those that wait, those that start, and the launches that wait for one. It sleeps, and
 * keeps none, until it is asked for.
 */
export class EnvironmentPool {
  readonly shape: PodShape
  readonly #context: PoolContext
  readonly #size: number
  readonly #ready: GenericEnvironment[] = []
  /** Names of pods that start, and whether no node has room for them now. */
  readonly #starting = new Map<string, boolean>()
  readonly #waiters = new PoolWaiters()
  #fault: Error | undefined
  /** What was sent away for launches since a pod came up, MB. */
  #sentMb = 0
  #pauseMs = 0
  /** Pods that did not start since one came up. */
  #failures = 0
  #refill: NodeJS.Timeout | undefined
  #isClosed = false
  #isAsleep = true
  #askedMs: number

  constructor(shape: PodShape, size: number, context: PoolContext) {
    this.shape = shape
    this.#size = size
    this.#context = context
    this.#askedMs = context.clock()
  }

  get isAsleep(): boolean {
    return this.#isAsleep
  }

  /** Whether a generic environment waits. */
  get isReady(): boolean {
    return this.#ready.length > 0
  }

  /** How many launches wait. */
  get launches(): number {
    return this.#waiters.launches
  }

  /** Memory of the launches that find no room, MB; 0 when several times as much was sent away for them in vain: they need something else. */
  get lackingMb(): number {
    const lackingMb = this.#lacking() * this.shape.memoryMb
    return this.#sentMb < maxSent * lackingMb ? lackingMb : 0
  }

  /** So much was sent away for its launches, MB. */
  charge(memoryMb: number): void {
    this.#sentMb += memoryMb
  }

  /** The shape is in use: environments of it are kept waiting. */
  wake(): void {
    this.#askedMs = this.#context.clock()
    if (!this.#isAsleep) return
    this.#isAsleep = false
    this.#refillLater(0)
  }

  /** Sleeps when nobody asked for so long; answers whether it does. */
  rest(idleMs: number): boolean {
    if (this.#isAsleep) return true
    if (!this.#waiters.isEmpty || this.#context.clock() - this.#askedMs < idleMs) return false
    this.#isAsleep = true
    this.empty()
    this.#dropExcess()
    return true
  }

  /** Resolves when an environment came up; rejects like `take`. */
  async untilReady(deadlineMs: number): Promise<void> {
    this.wake()
    if (!this.isReady) await this.#wait({ deadlineMs, isOnlooker: true })
  }

  /**
   * The next environment, within the deadline; the fault that stood in the way when there was none, or when there is no room and the
   * launch is of no use any more.
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

  #wait(want: Want): Promise<GenericEnvironment> {
    const waiting = this.#waiters.wait(want, () => {
      this.#dropExcess()
      return this.#fault ?? new Error(`No pod of ${this.shape.image} came up in time`)
    })
    this.#pauseMs = 0
    this.fill()
    return waiting
  }

  /** Begins as many pods as are missing. */
  fill(): void {
    clearTimeout(this.#refill)
    this.#refill = undefined
    if (this.#isClosed) return
    const missing = this.#wanted() - this.#ready.length - this.#starting.size
    for (let index = 0; index < missing; index++) void this.#create()
  }

  /** Launches that are of no use any more give up where there is no room for them. */
  dropUnneeded(): void {
    const lacking = this.#lacking()
    if (this.#fault !== undefined && this.#waiters.failUnneeded(lacking, this.#fault) > 0) this.#dropExcess()
  }

  /** Room came. What launches wait for starts anew: a scheduler lets a pod that it has tried often wait for 10 s. */
  renew(): void {
    if (this.launches === 0) return
    this.#giveUpStalled()
    this.fill()
  }

  /** A pod of this shape is up and connected. One that was given up, or is gone, since it was expected is of no use any more. */
  offer(environment: GenericEnvironment): void {
    if (!this.#starting.delete(environment.name)) return this.#turnAway(environment)
    if (![...this.#starting.values()].includes(true)) this.#fault = undefined
    this.#sentMb = 0
    this.#pauseMs = 0
    this.#failures = 0
    if (this.#waiters.serve(environment)) return
    if (this.#ready.length >= this.#kept() || this.#isClosed) return this.#turnAway(environment)
    this.#ready.push(environment)
    environment.socket.resume()
    environment.socket.once('close', () => this.#forget(environment))
  }

  /** A pod of this shape will be offered soon. */
  expect(name: string): void {
    this.#starting.set(name, false)
  }

  /** A pod that this server had begun before it started anew: one that is of no use now goes. */
  inherit(name: string): void {
    if (this.#starting.size + this.#ready.length < this.#wanted()) this.expect(name)
    else this.#context.end(name, this.shape.namespace)
  }

  /** What was expected is another's, or gone. */
  forgo(name: string): void {
    this.#starting.delete(name)
    this.#refillLater(refillMs)
  }

  isStarting(name: string): boolean {
    return this.#starting.has(name)
  }

  /** A starting pod has nowhere to go now. */
  stall(name: string, reason: string): void {
    if (!this.#starting.has(name)) return
    this.#note(new CapacityExhausted(`No node has room for a pod of ${String(this.shape.memoryMb)} MB: ${reason}`))
    if (!/Insufficient|Too many pods/.test(reason)) return
    this.#starting.set(name, true)
    this.#context.searchCapacity()
  }

  /** A starting pod does not start as it is; unless that is certain for all, others may on their nodes, or later. */
  fail(name: string, fault: Error, isCertain: boolean): void {
    if (this.isStarting(name)) this.lose(name, fault, ++this.#failures >= maxFailures || isCertain)
  }

  /** A starting pod will not come to be. `isFinal`: another one would not either. */
  lose(name: string, fault: Error, isFinal: boolean): void {
    if (!this.#starting.delete(name)) return
    this.#note(fault)
    if (fault instanceof CapacityExhausted) this.#context.searchCapacity()
    if (isFinal) this.#waiters.failAll(fault)
    this.#retryLater()
  }

  /** Lets go of all that wait or start, which live on. */
  close(): void {
    this.#isClosed = true
    clearTimeout(this.#refill)
    this.#waiters.failAll(new Error('The driver is closed'))
    for (const { socket } of this.#ready.splice(0)) socket.destroy()
  }

  /** Ends all that wait, here or for room, because the shape is not in use, or its room is needed for a while. */
  empty(): void {
    for (const environment of this.#ready.splice(0)) this.#turnAway(environment)
    this.#giveUpStalled()
    if (!this.#isAsleep) this.#refillLater(longestPauseMs)
  }

  #turnAway({ name, namespace, socket }: GenericEnvironment): void {
    socket.destroy()
    this.#context.end(name, namespace)
  }

  /** How many launches no pod comes up for, since there is no room. */
  #lacking(): number {
    if (!(this.#fault instanceof CapacityExhausted)) return 0
    return Math.max(0, this.launches - [...this.#starting.values()].filter((isStalled) => !isStalled).length)
  }

  #wanted(): number {
    return this.#isClosed ? 0 : this.#kept() + this.launches
  }

  /** How many shall wait. */
  #kept(): number {
    return this.#isAsleep ? 0 : this.#size
  }

  async #create(): Promise<void> {
    const { name, create } = this.#context.plan(this.shape)
    this.#starting.set(name, false)
    try {
      await create()
    } catch (cause) {
      const fault = cause instanceof Error ? cause : new Error(String(cause))
      const isFinal = fault instanceof ClusterFault && (fault.kind === 'forbidden' || fault.kind === 'invalid')
      this.lose(name, launchFault(fault), isFinal)
    }
  }

  #retryLater(): void {
    this.#pauseMs = Math.min(longestPauseMs, this.#pauseMs === 0 ? firstPauseMs : this.#pauseMs * 2)
    this.#refillLater(this.#pauseMs)
  }

  #refillLater(delayMs: number): void {
    this.#refill ??= setTimeout(() => this.fill(), delayMs).unref()
  }

  /** Says each kind of fault once, until a pod came up. Who only looks on does not wait for better days, but for another try. */
  #note(fault: Error): void {
    if (this.#fault?.message !== fault.message) this.#context.warn(fault.message)
    this.#fault = fault
    if (!(fault instanceof RuntimeUnavailable)) this.#waiters.failOnlookers(fault)
  }

  /** Pods that start for launches that gave up are not left behind. */
  #dropExcess(): void {
    let excess = this.#ready.length + this.#starting.size - this.#wanted()
    const stalledFirst = [...this.#starting].toReversed().toSorted(([, one], [, other]) => Number(other) - Number(one))
    for (const [name] of stalledFirst) {
      if (excess-- <= 0) return
      this.#giveUpOn(name)
    }
  }

  #giveUpStalled(): void {
    for (const [name, isStalled] of this.#starting) if (isStalled) this.#giveUpOn(name)
  }

  #giveUpOn(name: string): void {
    this.#starting.delete(name)
    this.#context.end(name, this.shape.namespace)
  }

  #forget(environment: GenericEnvironment): void {
    const index = this.#ready.indexOf(environment)
    if (index < 0) return
    this.#ready.splice(index, 1)
    this.#context.end(environment.name, environment.namespace)
    this.#refillLater(firstPauseMs)
  }
}
