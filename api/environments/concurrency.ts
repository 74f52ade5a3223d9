import { accountConcurrencyExceeded, reservedConcurrencyExceeded } from '../errors.ts'

/** An invocation as far as limits are concerned. */
export interface Claim {
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
  enter(claim: Claim): void | Promise<void>
  /** Gives back what `enter` took, by the same claim. */
  leave(claim: Claim): void
  /** Invocations of this server that run. */
  running(): number
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
  return {
    enter({ functionName, reserved, isOutside = false }) {
      const ofFunction = byFunction.get(functionName) ?? 0
      if (reserved !== undefined && ofFunction >= reserved) throw limitExceeded(isOutside)
      const isShort = reserved === undefined && unreserved >= accountLimit - committed()
      if (!isOutside && (running - outside >= accountLimit || isShort)) throw accountConcurrencyExceeded()
      running++
      if (isOutside) outside++
      else if (reserved === undefined) unreserved++
      byFunction.set(functionName, ofFunction + 1)
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
    close: () => Promise.resolve(),
  }
}

/** The refusal of a function's own limit; what AWS gives as reason on a capacity provider is unknown. */
export function limitExceeded(isOutside: boolean): Error {
  return isOutside ? accountConcurrencyExceeded() : reservedConcurrencyExceeded()
}
