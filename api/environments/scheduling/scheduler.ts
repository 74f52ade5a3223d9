import { availableParallelism } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import type { Log } from '../../observe/log.ts'
import { createAdmission, type Admission } from '../concurrency/admission.ts'
import type { Concurrency } from '../concurrency/concurrency.ts'
import type { Driver, EnvironmentSpec, Launched } from '../driver/driver.ts'
import { Environment, type EnvironmentEvents } from '../environment/environment.ts'
import type { Sharing } from './sharing.ts'
import type { Invocation, InvocationResult } from '../environment/invocation.ts'
import { createLaunchGate, type LaunchGate } from './launch-gate.ts'
import type { Pool, Waiter } from './pool.ts'
import { Pools } from './pools.ts'
import { ProvisionedEnvironments, type ProvisionState } from './provisioned-environments.ts'
import { evictIdle } from './eviction.ts'
import { untilReached } from './until-reached.ts'
import { isPreinitialised } from '../driver/variables.ts'

export interface SchedulerOptions {
  readonly driver: Driver
  /** Holds the limits of the account and of functions. */
  readonly concurrency: Concurrency
  /** How long a free environment is kept. */
  readonly idleMs?: number
  /** How long to wait for an environment that has responded but not finished, before another is started. */
  readonly graceMs?: number
  /** Set when environments outlive this server: other servers may use those that it does not need. */
  readonly sharing?: Sharing
  /** A free environment is parked for other servers after this time. */
  readonly parkMs?: number
  /** A monotonic clock in milliseconds. */
  readonly clock?: () => number
  /** Receives the output of functions. */
  readonly log: Pick<Log, 'functionOutput' | 'warn'>
}

export interface Scheduler {
  /** Runs one event in an environment of the spec's key. Rejects with Lambda's 429, `RuntimeUnavailable`, or an internal error. */
  run(spec: EnvironmentSpec, invocation: Invocation): Promise<InvocationResult>
  /** Environments of this key, of its tenants, or of this function take no more invocations; busy ones end after their response. */
  drain(keyOrFunctionName: string): void
  /** Drains environments of the function with any other key. */
  drainAllBut(functionName: string, keys: ReadonlySet<string>): void
  /** Functions with environments that may take further invocations. */
  functionNames(): ReadonlySet<string>
  /** Prepares what the environments of the spec will need. */
  prepare(spec: EnvironmentSpec): Promise<void>
  /** Adopts an environment that another server launched for this spec. Rejects when it cannot be taken over. */
  adopt(spec: EnvironmentSpec, takeOver: () => Promise<Launched>): Promise<void>
  /** Whether this server holds the environment, or is taking it over. */
  holds(id: string): boolean
  /** Keeps `count` environments of the spec initialised; resolves when they are, or when that has failed. */
  provision(spec: EnvironmentSpec, count: number): Promise<void>
  provisioned(key: string): ProvisionState
  /** Number of running invocations. */
  concurrency(): number
  /** Rejects new invocations, waits for running ones until the deadline, and ends the driver and all environments that no other
   *  server can adopt. */
  close(deadlineMs: number): Promise<void>
}

/** How long one start may delay others: a slow initialisation waits for the network, not for the processor. */
const startMs = 1_000
const sweepMs = 1_000

/**
 * Finds an environment for each invocation.
 *
 * 1. admit    429 beyond the account's or the function's limit                      ../concurrency/admission.ts
 * 2. take     the most recently used free environment of the key                    pool.ts
 * 3. wait     briefly for one that has responded and is about to be free
 * 4. launch   a new one, a bounded number concurrently; the first free one is used  launch-gate.ts, ../driver/driver.ts
 * 5. invoke   retried elsewhere only if the event never arrived                     until-reached.ts
 * 6. keep     it for the next invocation, or end it when it was drained or idle too long
 */
export function createScheduler(options: SchedulerOptions): Scheduler {
  return new PooledScheduler(options)
}

class PooledScheduler implements Scheduler {
  readonly #driver: Driver
  readonly #log: SchedulerOptions['log']
  readonly #idleMs: number
  readonly #graceMs: number
  readonly #parkMs: number
  readonly #sharing: Sharing | undefined
  readonly #clock: () => number
  readonly #concurrency: Concurrency
  readonly #admission: Admission
  readonly #gate: LaunchGate
  readonly #pools = new Pools()
  readonly #provisioned = new ProvisionedEnvironments({
    launch: (spec) => this.#launchAhead(spec),
    keep: (spec, environment) => this.#pools.of(spec).keep(environment),
    letGo: (spec, environment) => this.#pools.find(spec.key)?.kept.delete(environment),
  })
  #isClosing = false
  #isClosed = false
  #sweeper: NodeJS.Timeout | undefined

  constructor(options: SchedulerOptions) {
    this.#driver = options.driver
    this.#gate = createLaunchGate(options.driver.launchesAtOnce ?? Math.max(4, 2 * availableParallelism()))
    this.#log = options.log
    this.#idleMs = options.idleMs ?? 5 * 60_000
    this.#graceMs = options.graceMs ?? 100
    this.#parkMs = options.parkMs ?? 2_000
    this.#sharing = options.sharing
    this.#clock = options.clock ?? (() => performance.now())
    this.#concurrency = options.concurrency
    this.#admission = createAdmission(options.concurrency)
    options.driver.onCapacityNeeded?.(() => evictIdle(this.#pools, this.#sharing, this.#clock() - this.#parkMs))
    this.#sharing?.onWanted((key) => this.#pools.find(key))
  }

  async run(spec: EnvironmentSpec, invocation: Invocation): Promise<InvocationResult> {
    this.#refuseWhenClosing()
    const entering = this.#admission.enter(spec)
    const scope = entering instanceof Promise ? await entering : entering
    try {
      return await untilReached(async () => {
        this.#refuseWhenClosing()
        const pool = this.#pools.of(spec)
        return (pool.takeFree() ?? (await this.#acquire(pool, spec))).invoke(invocation)
      })
    } finally {
      this.#admission.leave(scope)
    }
  }

  adopt(spec: EnvironmentSpec, takeOver: () => Promise<Launched>): Promise<void> {
    return this.#admission.takeOver(spec, async () => {
      const launched = await takeOver()
      const environment = this.#isClosing ? undefined : this.#add(this.#pools.of(spec), spec, launched)
      if (environment === undefined) launched.release?.()
      else if (environment.isFree) this.#pools.of(spec).offer(environment)
      return environment
    })
  }

  holds(id: string): boolean {
    return this.#pools.has(id) || this.#sharing?.isTaking(id) === true
  }

  prepare(spec: EnvironmentSpec): Promise<void> {
    return this.#driver.prepare(spec)
  }

  provision(spec: EnvironmentSpec, count: number): Promise<void> {
    return this.#provisioned.set(spec, count)
  }

  provisioned(key: string): ProvisionState {
    return this.#provisioned.stateOf(key)
  }

  concurrency(): number {
    return this.#concurrency.running()
  }

  drain(keyOrFunctionName: string): void {
    for (const [key, pool] of this.#pools.named(keyOrFunctionName)) this.#drainPool(key, pool)
  }

  drainAllBut(functionName: string, keys: ReadonlySet<string>): void {
    for (const [key, pool] of this.#pools.ofOtherKeys(functionName, keys)) this.#drainPool(key, pool)
  }

  functionNames(): ReadonlySet<string> {
    return new Set(this.#pools.current().map(([, { functionName }]) => functionName))
  }

  async close(deadlineMs: number): Promise<void> {
    this.#isClosing = true
    this.#provisioned.close()
    const deadline = delay(deadlineMs, undefined, { ref: false })
    await Promise.race([this.#admission.quiet(), deadline])
    const pools = this.#pools.all()
    for (const [key, pool] of this.#pools.current()) {
      await this.#park(key, pool, 0)
      for (const member of pool.members) member.release()
      this.#drainPool(key, pool)
    }
    const members = pools.flatMap((pool) => [...pool.members])
    await Promise.race([Promise.all(members.map((member) => member.gone)), deadline])
    this.#isClosed = true
    for (const pool of pools) pool.failAll(new Error('The server is shutting down'))
    for (const member of pools.flatMap((pool) => [...pool.members])) member.kill('the server is shutting down', true)
    clearInterval(this.#sweeper)
    await this.#driver.close()
    await this.#concurrency.close()
  }

  #refuseWhenClosing(): void {
    if (this.#isClosing) throw new Error('The server is shutting down')
  }

  #acquire(pool: Pool, spec: EnvironmentSpec): Promise<Environment> {
    const free = pool.takeFree()
    if (free) return Promise.resolve(free)
    return new Promise((take, fail) => {
      const waiter: Waiter = { take, fail }
      const waitMs = pool.canServeSoon() ? this.#graceMs : 0
      pool.wait(waiter)
      if (waitMs === 0) return void this.#launch(pool, spec, waiter)
      setTimeout(() => {
        if (pool.isWaiting(waiter)) void this.#launch(pool, spec, waiter)
      }, waitMs)
    })
  }

  async #launch(pool: Pool, spec: EnvironmentSpec, waiter: Waiter): Promise<void> {
    pool.launching++
    const leave = await this.#gate.enter()
    let [environment, next]: [Environment?, Waiter?] = []
    try {
      if (pool.needsLaunch()) environment = await this.#start(pool, spec, () => pool.isWaiting(waiter))
    } catch (error) {
      next = pool.failLaunch(waiter, error)
    } finally {
      pool.launching--
      this.#pools.forgetIfEmpty(spec.key, pool)
    }
    if (next) void this.#launch(pool, spec, next)
    if (environment) await Promise.race([environment.started, delay(startMs, undefined, { ref: false })])
    leave()
  }

  async #start(pool: Pool, spec: EnvironmentSpec, isNeeded: () => boolean): Promise<Environment> {
    const environment = await this.#create(() => pool, spec, isNeeded)
    if (!this.#isClosed && environment.isFree) pool.offer(environment)
    return environment
  }

  /** An environment that is in the pool, but takes no invocations until it is kept. */
  async #launchAhead(spec: EnvironmentSpec): Promise<Environment> {
    const own = this.#pools.find(spec.key)?.withdrawAhead()
    if (own !== undefined) return own
    const leave = await this.#gate.enter()
    try {
      const environment = await this.#create(() => this.#pools.of(spec), spec)
      await Promise.race([environment.initialised, delay(startMs, undefined, { ref: false })])
      return environment
    } finally {
      leave()
    }
  }

  async #create(findPool: () => Pool, spec: EnvironmentSpec, isNeeded?: () => boolean): Promise<Environment> {
    const parked = await this.#sharing?.takeParked(spec)
    if (parked !== undefined) return this.#add(findPool(), spec, parked)
    const launched = await this.#driver.launch(spec, isNeeded)
    this.#sharing?.hold(launched.id)
    return this.#add(findPool(), spec, launched)
  }

  #add(pool: Pool, spec: EnvironmentSpec, launched: Launched): Environment {
    const source = `${spec.functionName}[${spec.version}]${launched.id}`
    const events: EnvironmentEvents = {
      onFree: (freed) => pool.offer(freed),
      onLog: (text) => this.#log.functionOutput(source, text),
      onWarning: (text) => this.#log.warn(`${source}: ${text}`),
      onGone: (lost) => {
        pool.remove(lost)
        this.#sharing?.forget(launched.id)
        this.#provisioned.lost(spec.key, lost)
        this.#pools.forgetIfEmpty(spec.key, pool)
      },
    }
    const environment = new Environment(launched, events, this.#clock)
    pool.members.add(environment)
    if (isPreinitialised(launched.assignment)) pool.preinitialised.add(environment)
    if (this.#isClosed) environment.kill('the server is shutting down', true)
    this.#sweeper ??= setInterval(() => this.#sweep(), Math.min(sweepMs, this.#idleMs)).unref()
    return environment
  }

  #drainPool(key: string, pool: Pool): void {
    this.#provisioned.forget(key)
    this.#pools.drain(key, pool)
  }

  /** Parks free environments for other servers; those that cannot be parked stay here. */
  async #park(key: string, pool: Pool, idleMs: number): Promise<void> {
    const sinceMs = this.#clock() - idleMs
    await this.#sharing?.parkFree(pool, key, (environment) => environment.isFreeSince(sinceMs))
  }

  #sweep(): void {
    const now = this.#clock()
    for (const [key, pool] of this.#pools.current()) void this.#park(key, pool, this.#parkMs)
    for (const pool of this.#pools.all()) {
      for (const member of pool.members) member.watch(now)
      pool.stopFree(pool.freeSince(now - this.#idleMs))
    }
  }
}
