import type { GenericEnvironment } from './pool-context.ts'

/** Who wants an environment of a pool, and for how long. */
export interface Want {
  readonly deadlineMs: number
  /** Wants to know of an environment, not to have it. */
  readonly isOnlooker?: boolean
  /** Whether the launch is still of use. */
  readonly isNeeded?: () => boolean
}

interface Waiter {
  readonly want: Want
  readonly resolve: (environment: GenericEnvironment) => void
  readonly reject: (reason: Error) => void
}

/** Launches, and those who only look on, that wait for an environment of one pool. */
export class PoolWaiters {
  #waiters: Waiter[] = []

  get isEmpty(): boolean {
    return this.#waiters.length === 0
  }

  /** How many launches wait. */
  get launches(): number {
    return this.#waiters.filter(({ want }) => !want.isOnlooker).length
  }

  /** Resolves with the environment; rejects with what `onLate` says when none came in time. */
  wait(want: Want, onLate: () => Error): Promise<GenericEnvironment> {
    const { promise, resolve, reject } = Promise.withResolvers<GenericEnvironment>()
    const waiter: Waiter = { want, resolve, reject }
    this.#waiters.push(waiter)
    const deadline = setTimeout(() => {
      this.#remove((other) => other === waiter)
      reject(onLate())
    }, want.deadlineMs)
    return promise.finally(() => clearTimeout(deadline))
  }

  /** Tells all who look on; answers whether the environment is a launch's now. */
  serve(environment: GenericEnvironment): boolean {
    for (const onlooker of this.#remove(isOnlooker)) onlooker.resolve(environment)
    const launch = this.#waiters.shift()
    launch?.resolve(environment)
    return launch !== undefined
  }

  failOnlookers(fault: Error): void {
    for (const onlooker of this.#remove(isOnlooker)) onlooker.reject(fault)
  }

  /** Fails launches that are of no use any more, at most so many; answers how many. */
  failUnneeded(most: number, fault: Error): number {
    const unneeded = new Set(this.#waiters.filter(({ want }) => want.isNeeded?.() === false).slice(0, most))
    for (const launch of this.#remove((waiter) => unneeded.has(waiter))) launch.reject(fault)
    return unneeded.size
  }

  failAll(fault: Error): void {
    for (const waiter of this.#waiters.splice(0)) waiter.reject(fault)
  }

  #remove(isMeant: (waiter: Waiter) => boolean): Waiter[] {
    const removed = this.#waiters.filter(isMeant)
    this.#waiters = this.#waiters.filter((waiter) => !removed.includes(waiter))
    return removed
  }
}

function isOnlooker({ want }: Waiter): boolean {
  return want.isOnlooker === true
}
