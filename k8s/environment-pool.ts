import type { Socket } from 'node:net'
import { CapacityExhausted } from '../api/environments/driver.ts'
import { ClusterFault } from './cluster-fault.ts'
import type { PodShape } from './pod-shape.ts'

/** A generic environment, connected. */
export interface GenericEnvironment {
  readonly name: string
  readonly namespace: string
  readonly socket: Socket
  readonly answersPings: boolean
}

/** What a pool needs of the cluster. */
export interface PoolWorld {
  /** A pod of the shape, named, which `create` begins; resolves once the cluster took it. */
  plan(shape: PodShape): { readonly name: string; readonly create: () => Promise<unknown> }
  /** Ends a pod and sees to it that it goes. */
  end(name: string, namespace: string): void
  /** Launches of the pool wait for room; answers whether an environment of a function is to end for them. */
  wantRoom(pool: EnvironmentPool): boolean
  warn(line: string): void
  /** Milliseconds that only grow. */
  readonly clock: () => number
}

interface Waiter {
  /** Wants to know of an environment, not to have it. */
  readonly isOnlooker: boolean
  readonly resolve: (environment: GenericEnvironment) => void
  readonly reject: (reason: Error) => void
}

const firstPauseMs = 500
const longestPauseMs = 10_000
/** Environments may be smaller than what is to be launched. */
const roomPerLaunch = 4
/** A launch goes first: the pod that replaces the one it took is started a moment later. */
const refillMs = 50

/**
 * The generic environments of one shape: those that wait, those that start, and the launches that wait for one. It sleeps, and
 * keeps none, until it is asked for.
 */
export class EnvironmentPool {
  readonly shape: PodShape
  readonly #world: PoolWorld
  readonly #size: number
  readonly #ready: GenericEnvironment[] = []
  /** Names of pods that start. */
  readonly #starting = new Set<string>()
  readonly #waiters: Waiter[] = []
  #fault: Error | undefined
  /** How often something was ended for launches since a pod came up. */
  #roomMade = 0
  #pauseMs = 0
  #refill: NodeJS.Timeout | undefined
  #isClosed = false
  #isAsleep = true
  #askedMs: number

  constructor(shape: PodShape, size: number, world: PoolWorld) {
    this.shape = shape
    this.#size = size
    this.#world = world
    this.#askedMs = world.clock()
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
    return this.#waiters.filter(({ isOnlooker }) => !isOnlooker).length
  }

  /** The shape is in use: environments of it are kept waiting. */
  wake(): void {
    this.#askedMs = this.#world.clock()
    if (!this.#isAsleep) return
    this.#isAsleep = false
    this.#refillLater(0)
  }

  /** Sleeps when nobody asked for so long; answers whether it does. */
  rest(idleMs: number): boolean {
    if (this.#isAsleep) return true
    if (this.#waiters.length > 0 || this.#world.clock() - this.#askedMs < idleMs) return false
    this.#isAsleep = true
    this.empty()
    this.#dropExcess()
    return true
  }

  /** Resolves when an environment came up; rejects like `take`. */
  async untilReady(deadlineMs: number): Promise<void> {
    this.wake()
    if (!this.isReady) await this.#wait(deadlineMs, true)
  }

  /** The next environment, within the deadline; the fault that stood in the way when there was none. */
  take(deadlineMs: number): Promise<GenericEnvironment> {
    this.wake()
    for (let next = this.#ready.pop(); next !== undefined; next = this.#ready.pop()) {
      if (next.socket.destroyed) continue
      this.#refillLater(refillMs)
      return Promise.resolve(next)
    }
    return this.#wait(deadlineMs, false)
  }

  #wait(deadlineMs: number, isOnlooker: boolean): Promise<GenericEnvironment> {
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        isOnlooker,
        resolve: (environment) => {
          clearTimeout(deadline)
          resolve(environment)
        },
        reject: (reason) => {
          clearTimeout(deadline)
          reject(reason)
        },
      }
      const deadline = setTimeout(() => this.#giveUp(waiter), deadlineMs)
      this.#waiters.push(waiter)
      this.#pauseMs = 0
      this.fill()
    })
  }

  /** Begins as many pods as are missing. */
  fill(): void {
    clearTimeout(this.#refill)
    this.#refill = undefined
    if (this.#isClosed) return
    const missing = this.#wanted() - this.#ready.length - this.#starting.size
    for (let index = 0; index < missing; index++) void this.#create()
  }

  /** A pod of this shape is up and connected. One that was given up, or is gone, since it was expected is of no use any more. */
  offer(environment: GenericEnvironment): void {
    if (!this.#starting.delete(environment.name)) return this.#turnAway(environment)
    this.#fault = undefined
    this.#roomMade = 0
    this.#pauseMs = 0
    for (const onlooker of this.#remove(({ isOnlooker }) => isOnlooker)) onlooker.resolve(environment)
    const waiter = this.#waiters.shift()
    if (waiter !== undefined) return waiter.resolve(environment)
    if (this.#ready.length >= this.#kept() || this.#isClosed) return this.#turnAway(environment)
    this.#ready.push(environment)
    environment.socket.resume()
    environment.socket.once('close', () => this.#forget(environment))
  }

  /** A pod of this shape will be offered soon. */
  expect(name: string): void {
    this.#starting.add(name)
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
  stall(reason: string): void {
    this.#note(new CapacityExhausted(`No node has room for a pod of ${String(this.shape.memoryMb)} MB: ${reason}`))
    if (/Insufficient|Too many pods/.test(reason)) this.#askForRoom()
  }

  /** A starting pod will not come to be. `isFinal`: another one would not either. */
  lose(name: string, fault: Error, isFinal: boolean): void {
    if (!this.#starting.delete(name)) return
    this.#note(fault)
    if (fault instanceof CapacityExhausted) this.#askForRoom()
    if (isFinal) this.#failAll(fault)
    this.#retryLater()
  }

  /** Lets go of all that wait, which live on; ends those that start. */
  close(): void {
    this.#isClosed = true
    clearTimeout(this.#refill)
    this.#failAll(new Error('The driver is closed'))
    for (const { socket } of this.#ready.splice(0)) socket.destroy()
  }

  /** Ends all that wait, because the shape is not in use, or its room is needed; answers how many. */
  empty(): number {
    const ended = this.#ready.splice(0)
    for (const environment of ended) this.#turnAway(environment)
    return ended.length
  }

  #turnAway({ name, namespace, socket }: GenericEnvironment): void {
    socket.destroy()
    this.#world.end(name, namespace)
  }

  #wanted(): number {
    return this.#isClosed ? 0 : this.#kept() + this.launches
  }

  /** How many shall wait. */
  #kept(): number {
    return this.#isAsleep ? 0 : this.#size
  }

  #remove(isMeant: (waiter: Waiter) => boolean): Waiter[] {
    const removed = this.#waiters.filter(isMeant)
    const kept = this.#waiters.filter((waiter) => !removed.includes(waiter))
    this.#waiters.splice(0, this.#waiters.length, ...kept)
    return removed
  }

  async #create(): Promise<void> {
    const { name, create } = this.#world.plan(this.shape)
    this.#starting.add(name)
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

  /** Says each kind of fault once, until a pod came up. Who only looks on does not wait for better days. */
  #note(fault: Error): void {
    if (this.#fault?.message !== fault.message) this.#world.warn(fault.message)
    this.#fault = fault
    for (const onlooker of this.#remove(({ isOnlooker }) => isOnlooker)) onlooker.reject(fault)
  }

  /** Launches that so much room was made for in vain need something else. */
  #askForRoom(): void {
    if (this.launches > 0 && this.#roomMade < roomPerLaunch * this.launches && this.#world.wantRoom(this))
      this.#roomMade++
  }

  #failAll(fault: Error): void {
    for (const waiter of this.#waiters.splice(0)) waiter.reject(fault)
  }

  #giveUp(waiter: Waiter): void {
    this.#remove((other) => other === waiter)
    this.#dropExcess()
    waiter.reject(this.#fault ?? new Error(`No pod of ${this.shape.image} came up in time`))
  }

  /** Pods that start for launches that gave up are not left behind. */
  #dropExcess(): void {
    let excess = this.#ready.length + this.#starting.size - this.#wanted()
    for (const name of [...this.#starting].toReversed()) {
      if (excess-- <= 0) return
      this.#starting.delete(name)
      this.#world.end(name, this.shape.namespace)
    }
  }

  #forget(environment: GenericEnvironment): void {
    const index = this.#ready.indexOf(environment)
    if (index < 0) return
    this.#ready.splice(index, 1)
    this.#world.end(environment.name, environment.namespace)
    this.#refillLater(firstPauseMs)
  }
}

/** A used-up quota is a want of room to who launches. */
function launchFault(fault: Error): Error {
  return fault instanceof ClusterFault && fault.kind === 'quota' ? new CapacityExhausted(fault.message) : fault
}
