import type { GenericEnvironment } from './pool-context.ts'

/** A request for an environment of a pool, with its deadline. */
export interface PoolRequest {
  readonly deadlineMs: number
  /** Whether the caller only waits for an environment to be ready, and does not take it. */
  readonly isObserver?: boolean
  /** Whether the launch is still needed. */
  readonly isNeeded?: () => boolean
}

interface Waiter {
  readonly request: PoolRequest
  readonly resolve: (environment: GenericEnvironment) => void
  readonly reject: (reason: Error) => void
}

/** Launches and observers that wait for an environment of one pool. */
export class PoolWaiters {
  #waiters: Waiter[] = []

  get isEmpty(): boolean {
    return this.#waiters.length === 0
  }

  /** How many launches wait. */
  get launches(): number {
    return this.#waiters.filter(({ request }) => !request.isObserver).length
  }

  /** Resolves with the environment; rejects with the fault of `onLate` at the deadline. */
  wait(request: PoolRequest, onLate: () => Error): Promise<GenericEnvironment> {
    const { promise, resolve, reject } = Promise.withResolvers<GenericEnvironment>()
    const waiter: Waiter = { request, resolve, reject }
    this.#waiters.push(waiter)
    const deadline = setTimeout(() => {
      this.#remove((other) => other === waiter)
      reject(onLate())
    }, request.deadlineMs)
    return promise.finally(() => clearTimeout(deadline))
  }

  /** Resolves all observers. Returns whether a launch took the environment. */
  serve(environment: GenericEnvironment): boolean {
    for (const observer of this.#remove(isObserver)) observer.resolve(environment)
    const launch = this.#waiters.shift()
    launch?.resolve(environment)
    return launch !== undefined
  }

  failObservers(fault: Error): void {
    for (const observer of this.#remove(isObserver)) observer.reject(fault)
  }

  /** Rejects up to `most` launches that are not needed any more; returns how many. */
  failUnneeded(most: number, fault: Error): number {
    const unneeded = new Set(this.#waiters.filter(({ request }) => request.isNeeded?.() === false).slice(0, most))
    for (const launch of this.#remove((waiter) => unneeded.has(waiter))) launch.reject(fault)
    return unneeded.size
  }

  failAll(fault: Error): void {
    for (const waiter of this.#waiters.splice(0)) waiter.reject(fault)
  }

  #remove(matches: (waiter: Waiter) => boolean): Waiter[] {
    const removed = this.#waiters.filter(matches)
    this.#waiters = this.#waiters.filter((waiter) => !removed.includes(waiter))
    return removed
  }
}

function isObserver({ request }: Waiter): boolean {
  return request.isObserver === true
}
