import type { ConcurrencyScope } from './concurrency.ts'

/** The limit that rejected a permit. */
export type Refusal = 'function' | 'account'

export interface PermitRequest extends ConcurrencyScope {
  /** Most permits of all functions of the account together. */
  readonly accountLimit: number
  /** Most permits of all functions without reserved concurrency together. */
  readonly unreservedLimit: number
  /** The invocation already runs: it gets a permit regardless of the limits. */
  readonly isFound?: boolean
}

/** The permits of a function that were acquired with reserved concurrency, or those that were not. */
export interface Share {
  readonly functionName: string
  readonly isReserved: boolean
}

/** The permits of a share that a server holds. */
export interface HeldShare {
  readonly share: Share
  readonly permits: number
}

/** Notifications of the ledger to a server. */
export interface LedgerListener {
  /**
   * Another server was refused a permit and needs unused ones of the function, or of any function when undefined. `permits` is
   * how many it holds of the function's reserved concurrency.
   */
  onWanted(functionName: string | undefined, permits: number): void
  /** This server now holds permits of a dead server. */
  onInherited(share: Share, permits: number): void
  /** The lease of this server expired, and others hold its permits now. */
  onLost(): void
  /** A reply or a write may have been lost: ledger and server may disagree until they are reconciled. */
  onDoubt(): void
}

/**
 * Servers that share functions acquire permits here. A permit is the right to run one invocation at a time. Guarantees: the
 * permits of a function and of the account never exceed the limits of the request that acquired the last one; a server holds
 * a permit until it releases it; the permits of a dead server pass to a living one, which determines when they are free.
 * Permits of a name that begins with a colon count towards their own limit only.
 */
export interface PermitLedger {
  /** Acquires one permit, or returns the limit that was reached and notifies the other servers. */
  acquire(request: PermitRequest): Promise<'acquired' | Refusal>
  release(share: Share, permits: number): Promise<void>
  /**
   * Sets the permits recorded for this server to those that it holds, after a reply or a write was lost: otherwise a permit that
   * no server knows of would leak, and one that the ledger does not know of would be granted twice. `held` is called once no
   * inheritance is in progress; the caller makes sure that no other call is.
   */
  reconcile(held: () => readonly HeldShare[]): Promise<void>
  /** Rejects while the ledger is unreachable. */
  reach(): Promise<void>
  /** Must be called before the first `acquire`. */
  listen(listener: LedgerListener): void
}
