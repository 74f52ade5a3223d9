import type { ConcurrencyScope } from './concurrency.ts'

/** Which limit is in the way of a place. */
export type Refusal = 'function' | 'account'

export interface PermitRequest extends ConcurrencyScope {
  /** Places that all functions of the account may have together. */
  readonly accountLimit: number
  /** Places that functions without a reserve may have together. */
  readonly unreservedLimit: number
  /** It runs already: it is booked whatever the limits are. */
  readonly isFound?: boolean
}

/** Places of one kind: those of a function that were booked under a reserve, or those that were not. */
export interface Share {
  readonly functionName: string
  readonly isReserved: boolean
}

/** Places of one kind that a server has. */
export interface HeldShare {
  readonly share: Share
  readonly permits: number
}

/** What a server hears of the ledger. */
export interface LedgerListener {
  /**
   * Another server was refused a place: unused ones of the function, or of all when it is undefined, are needed there. `permits`:
   * how many it has under the function's reserve.
   */
  onWanted(functionName: string | undefined, permits: number): void
  /** Places of a server that died are this one's now. */
  onInherited(share: Share, permits: number): void
  /** This server was silent for so long that its places were given to others: it holds none any more. */
  onLost(): void
  /** An answer, or what the ledger had written, may be lost: it and this server may not agree until they settle. */
  onDoubt(): void
}

/**
 * Where servers that share their functions book places, each the right to run one invocation at a time. Promises: the places
 * booked of a function and of the account never exceed the limits of the request that booked the last one; a place is its
 * server's until it is given back; those of a server that died pass to a living one, which knows when they are free. Places
 * of a name that begins with a colon count for their own limit alone.
 */
export interface PermitLedger {
  /** Books one place, or says what is in the way and lets the other servers know that it is wanted. */
  acquire(request: PermitRequest): Promise<'acquired' | Refusal>
  release(share: Share, permits: number): Promise<void>
  /**
   * Makes what the ledger says of this server what it knows that it holds, for when an answer, or what the ledger had written, was
   * lost: a place that nobody knows of would never be free again, and one that the ledger does not know of would be given twice.
   * `held` is asked once no inheritance is under way; the caller sees to it that nothing else is.
   */
  reconcile(held: () => readonly HeldShare[]): Promise<void>
  /** Rejects while the ledger cannot be asked. */
  reach(): Promise<void>
  /** Called before any booking. */
  listen(listener: LedgerListener): void
}
