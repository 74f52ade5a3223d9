import { accountConcurrencyExceeded, reservedConcurrencyExceeded } from '../../errors.ts'

/** The limits that an invocation counts towards. */
export interface ConcurrencyScope {
  readonly functionName: string
  /** The function's reserved concurrency; without it, the function shares the unreserved concurrency of the account. */
  readonly reserved?: number
  /** It counts towards its own limit, if any, and not the account's; its name begins with a colon. */
  readonly isOutside?: boolean
}

/** Counts running invocations of the account and of each function. Both limits hold at all times. */
export interface Concurrency {
  /**
   * Acquires a permit for one invocation: synchronously when this server holds an unused one, else from the ledger. Throws or
   * rejects with Lambda's 429 when there is none.
   */
  enter(scope: ConcurrencyScope): void | Promise<void>
  /** Counts a running invocation regardless of the limits; rejects when the ledger is unreachable. */
  count(scope: ConcurrencyScope): Promise<void>
  /** Releases what `enter` or `count` acquired for the same scope. */
  leave(scope: ConcurrencyScope): void
  /** Running invocations of this server. */
  running(): number
  /**
   * Call this before looking for invocations that dead servers left running. Calling the returned function frees the permits that
   * this server had inherited until then, except those of invocations counted meanwhile.
   */
  lookForInherited(): () => void
  close(): Promise<void>
}

/**
 * Counters in this process, for a server that shares its functions with no other. `committed` is the sum of reserved
 * concurrency, which functions without a reservation cannot use.
 */
export function countConcurrency(accountLimit: number, committed: () => number = () => 0): Concurrency {
  const byFunction = new Map<string, number>()
  let running = 0
  let unreserved = 0
  let outside = 0
  const count = ({ functionName, reserved, isOutside = false }: ConcurrencyScope): void => {
    running++
    if (isOutside) outside++
    else if (reserved === undefined) unreserved++
    byFunction.set(functionName, (byFunction.get(functionName) ?? 0) + 1)
  }
  return {
    enter(scope) {
      const { functionName, reserved, isOutside = false } = scope
      const ofFunction = byFunction.get(functionName) ?? 0
      if (reserved !== undefined && ofFunction >= reserved) throw limitExceeded(isOutside)
      const isShort = reserved === undefined && unreserved >= accountLimit - committed()
      if (!isOutside && (running - outside >= accountLimit || isShort)) throw accountConcurrencyExceeded()
      count(scope)
    },
    count(scope) {
      count(scope)
      return Promise.resolve()
    },
    leave({ functionName, reserved, isOutside = false }) {
      running--
      if (isOutside) outside--
      else if (reserved === undefined) unreserved--
      const ofFunction = (byFunction.get(functionName) ?? 0) - 1
      if (ofFunction > 0) byFunction.set(functionName, ofFunction)
      else byFunction.delete(functionName)
    },
    running: () => running,
    lookForInherited: () => () => undefined,
    close: () => Promise.resolve(),
  }
}

/** The error for a function's own limit. AWS's reason on a capacity provider is unknown. */
export function limitExceeded(isOutside: boolean): Error {
  return isOutside ? accountConcurrencyExceeded() : reservedConcurrencyExceeded()
}
