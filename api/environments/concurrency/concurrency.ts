import { accountConcurrencyExceeded, reservedConcurrencyExceeded } from '../../errors.ts'

/** An invocation as far as limits are concerned. */
export interface ConcurrencyScope {
  readonly functionName: string
  /** The function's reserved concurrency; without one it shares what the account has left. */
  readonly reserved?: number
  /** It counts for its own limit, if there is one, and not for the account's; its name begins with a colon. */
  readonly isOutside?: boolean
}

/** Counts invocations that run, for the account and per function. Both limits hold at all times. */
export interface Concurrency {
  /**
   * Takes a place for one invocation: at once when this server has one to give, else by asking. Throws or rejects with Lambda's
   * 429 when there is none.
   */
  enter(scope: ConcurrencyScope): void | Promise<void>
  /** Counts what runs already, whatever the limits are; rejects when that cannot be said to the other servers. */
  count(scope: ConcurrencyScope): Promise<void>
  /** Gives back what `enter` or `count` took, by the same scope. */
  leave(scope: ConcurrencyScope): void
  /** Invocations of this server that run. */
  running(): number
  /**
   * For whoever begins to look for what servers that are no more still run: their places that passed to this one until now are
   * free, but for those of what was counted, once the answer is called.
   */
  lookForInherited(): () => void
  close(): Promise<void>
}

/**
 * Counters held in this process, for a server that shares its functions with no other. `committed` is what functions keep from
 * those that reserve nothing.
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

/** The refusal of a function's own limit; what AWS gives as reason on a capacity provider is unknown. */
export function limitExceeded(isOutside: boolean): Error {
  return isOutside ? accountConcurrencyExceeded() : reservedConcurrencyExceeded()
}
