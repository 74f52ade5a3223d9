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
  /** Launches under way. */
  launching = 0
  /** Set when code or configuration changed: nothing of it serves an invocation that comes later. */
  isDrained = false
  /** Environments that are kept whether they are used or not, and used before the others. */
  readonly kept = new Set<Environment>()
  /** Environments that were initialised ahead of their first event, kept or not any more. */
  readonly ahead = new WeakSet<Environment>()
  /** Free environments, the most recently used one last. */
  readonly #free: Environment[] = []
  readonly #waiters: Waiter[] = []

  constructor(functionName: string) {
    this.functionName = functionName
  }

  get isEmpty(): boolean {
    return this.members.size === 0 && this.launching === 0 && this.#waiters.length === 0
  }

  /** The most recently used free environment, of those kept if there is one; it is then the caller's. */
  takeFree(): Environment | undefined {
    for (;;) {
      const environment = this.#takeKept() ?? this.#free.pop()
      if (environment === undefined || environment.isFree) return environment
    }
  }

  /** Whether environments that are about to be free suffice for all that wait and one more. */
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

  /** Whether a launch that has not begun is still of use. */
  needsLaunch(): boolean {
    return this.#waiters.length >= this.launching
  }

  /** Gives a free environment to who waits longest, else keeps it, unless the pool is drained. */
  offer(environment: Environment): void {
    const waiter = this.#waiters.shift()
    if (waiter) waiter.take(environment)
    else if (this.isDrained) environment.stop('spindown')
    else this.#free.push(environment)
  }

  /**
   * Fails the waiter a launch was for. One that was served otherwise takes nobody with it: who waits now, and has no launch left,
   * is answered with, and needs one of its own.
   */
  failLaunch(waiter: Waiter, reason: unknown): Waiter | undefined {
    const index = this.#waiters.indexOf(waiter)
    if (index < 0) return this.#waiters.length >= this.launching ? this.#waiters[0] : undefined
    this.#waiters.splice(index, 1)[0]?.fail(reason)
    return undefined
  }

  /** Fails all that wait. */
  failAll(reason: unknown): void {
    for (const waiter of this.#waiters.splice(0)) waiter.fail(reason)
  }

  /** Keeps an environment, and lets it serve. */
  keep(environment: Environment): void {
    this.kept.add(environment)
    this.offer(environment)
  }

  /** The environments that have been free since before the given time, and are not kept. */
  freeSince(sinceMs: number): Environment[] {
    return this.#free.filter((environment) => !this.kept.has(environment) && environment.isFreeSince(sinceMs))
  }

  /** Ends free environments, all of them if nothing else is said. */
  stopFree(environments: readonly Environment[] = [...this.#free]): void {
    for (const environment of environments) {
      this.#forget(environment)
      if (environment.isFree) environment.stop('spindown')
    }
  }

  /** A free environment that was initialised ahead and is not kept; it is then the caller's. */
  withdrawAhead(): Environment | undefined {
    const environment = this.#free.findLast((each) => each.isFree && this.ahead.has(each) && !this.kept.has(each))
    if (environment !== undefined) this.#forget(environment)
    return environment
  }

  /** Any free environment, of those that are not kept if there is one; it is then the caller's. */
  withdrawAny(): Environment | undefined {
    const free = this.#free.filter(({ isFree }) => isFree)
    const environment = free.find((each) => !this.kept.has(each)) ?? free[0]
    if (environment !== undefined) this.#forget(environment)
    return environment
  }

  /** Takes free environments out of use here. */
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
