import type { Environment } from '../environment/environment.ts'

/** An invocation that waits for an environment. */
export interface Waiter {
  readonly take: (environment: Environment) => void
  readonly fail: (reason: unknown) => void
}

/** The environments of one key, and the invocations that wait for one of them. */
export class Pool {
  readonly functionName: string
  readonly members = new Set<Environment>()
  /** Launches in progress. */
  launching = 0
  /** Set when code or configuration changed: its environments take no further invocations. */
  isDrained = false
  /** Provisioned environments, which are kept even when unused, and used before the others. */
  readonly kept = new Set<Environment>()
  /** Environments that were initialised before their first event, whether or not they are still kept. */
  readonly preinitialised = new WeakSet<Environment>()
  /** Free environments, the most recently used one last. */
  readonly #free: Environment[] = []
  readonly #waiters: Waiter[] = []

  constructor(functionName: string) {
    this.functionName = functionName
  }

  get isEmpty(): boolean {
    return this.members.size === 0 && this.launching === 0 && this.#waiters.length === 0
  }

  /** Removes and returns the most recently used free environment, a kept one if possible. */
  takeFree(): Environment | undefined {
    for (;;) {
      const environment = this.#takeKept() ?? this.#free.pop()
      if (environment === undefined || environment.isFree) return environment
    }
  }

  /** Whether the environments that are about to be free suffice for all waiters and one more. */
  canServeSoon(): boolean {
    let finishing = 0
    for (const member of this.members) if (member.state === 'finishing') finishing++
    return finishing > this.#waiters.length
  }

  wait(waiter: Waiter): void {
    this.#waiters.push(waiter)
  }

  isWaiting(waiter: Waiter): boolean {
    return this.#waiters.includes(waiter)
  }

  /** Whether a launch that has not started is still needed. */
  needsLaunch(): boolean {
    return this.#waiters.length >= this.launching
  }

  /** Gives a free environment to the longest waiter; else keeps it, or ends it when the pool is drained. */
  offer(environment: Environment): void {
    const waiter = this.#waiters.shift()
    if (waiter) waiter.take(environment)
    else if (this.isDrained) environment.stop('spindown')
    else this.#free.push(environment)
  }

  /**
   * Fails the waiter of a failed launch. If that was served otherwise, returns a waiter that is left without a launch and needs
   * one of its own.
   */
  failLaunch(waiter: Waiter, reason: unknown): Waiter | undefined {
    const index = this.#waiters.indexOf(waiter)
    if (index < 0) return this.#waiters.length >= this.launching ? this.#waiters[0] : undefined
    this.#waiters.splice(index, 1)[0]?.fail(reason)
    return undefined
  }

  /** Fails all waiters. */
  failAll(reason: unknown): void {
    for (const waiter of this.#waiters.splice(0)) waiter.fail(reason)
  }

  /** Keeps an environment and makes it available. */
  keep(environment: Environment): void {
    this.kept.add(environment)
    this.offer(environment)
  }

  /** The environments that have been free since before the given time, and are not kept. */
  freeSince(sinceMs: number): Environment[] {
    return this.#free.filter((environment) => !this.kept.has(environment) && environment.isFreeSince(sinceMs))
  }

  /** Ends free environments, all of them by default. */
  stopFree(environments: readonly Environment[] = [...this.#free]): void {
    for (const environment of environments) {
      this.#forget(environment)
      if (environment.isFree) environment.stop('spindown')
    }
  }

  /** Removes and returns a free environment that was preinitialised and is not kept. */
  withdrawAhead(): Environment | undefined {
    const environment = this.#free.findLast(
      (each) => each.isFree && this.preinitialised.has(each) && !this.kept.has(each),
    )
    if (environment !== undefined) this.#forget(environment)
    return environment
  }

  /** Removes and returns any free environment, preferably one that is not kept. */
  withdrawAny(): Environment | undefined {
    const free = this.#free.filter(({ isFree }) => isFree)
    const environment = free.find((each) => !this.kept.has(each)) ?? free[0]
    if (environment !== undefined) this.#forget(environment)
    return environment
  }

  /** Removes and returns the matching free environments. */
  withdraw(isMeant: (environment: Environment) => boolean): Environment[] {
    const withdrawn = this.#free.filter(isMeant)
    for (const environment of withdrawn) this.#forget(environment)
    return withdrawn
  }

  remove(environment: Environment): void {
    this.members.delete(environment)
    this.kept.delete(environment)
    this.#forget(environment)
  }

  #takeKept(): Environment | undefined {
    if (this.kept.size === 0) return undefined
    const index = this.#free.findLastIndex((environment) => this.kept.has(environment))
    return index < 0 ? undefined : this.#free.splice(index, 1)[0]
  }

  #forget(environment: Environment): void {
    const index = this.#free.indexOf(environment)
    if (index >= 0) this.#free.splice(index, 1)
  }
}
