import { setTimeout as delay } from 'node:timers/promises'
import { accountConcurrencyExceeded } from '../../errors.ts'
import { newHeldPermits, unusedOf, type HeldPermits } from './held-permits.ts'
import { limitExceeded, type ConcurrencyScope, type Concurrency } from './concurrency.ts'
import type { PermitRequest, HeldShare, PermitLedger, Refusal, Share } from './permit-ledger.ts'

export interface SharedConcurrencyOptions {
  readonly ledger: PermitLedger
  readonly accountLimit: number
  /** The sum of reserved concurrency, which functions without a reservation cannot use. */
  readonly committed?: () => number
  /** Called when permits could not be released; this is retried. */
  readonly onFault: (message: string, cause: unknown) => void
  /** Unused permits are released after this time. */
  readonly keepMs?: number
  /** Other servers have released their unused permits after this time. */
  readonly graceMs?: number
  /** Set when invocations survive their server: inherited permits are free once running invocations were looked for. */
  readonly areInheritedUsed?: boolean
  /** A permit that a server with fewer permits needs is kept at least this long. */
  readonly turnMs?: number
}

/** After this time a refused server no longer needs the permit. */
const waitedMs = 1_000

/**
 * Concurrency over servers that share their functions.
 *
 * 1. enter      uses an unused permit of this server, without a call to the ledger
 * 2. acquire    else acquires one from the ledger; if refused, once more after others had time to release   permit-ledger.ts
 * 3. leave      this server keeps the permit for a short while, for the next invocation
 * 4. release    unused permits are released after that while, unless the ledger is unreachable; at once when another server needs them
 * 5. yield      while all permits are in use, a server yields the next free one to a server that has fewer and was refused
 * 6. inherit    permits of a dead server count as used until its running invocations were looked for; those found count themselves
 * 7. reconcile  after a reply or a write was lost, the ledger is set to what this server holds
 */
export function createSharedConcurrency(options: SharedConcurrencyOptions): Concurrency {
  return new SharedConcurrency(options)
}

class SharedConcurrency implements Concurrency {
  readonly #ledger: PermitLedger
  readonly #accountLimit: number
  readonly #committed: () => number
  readonly #onFault: SharedConcurrencyOptions['onFault']
  readonly #graceMs: number
  readonly #turnMs: number
  readonly #areInheritedUsed: boolean
  readonly #heldByShare = new Map<string, HeldPermits>()
  readonly #returning = new Set<Promise<void>>()
  /** Calls to the ledger in progress. */
  #asking = 0
  /** The ledger and this server may disagree. */
  #isInDoubt = false
  #reconciling: Promise<void> | undefined
  readonly #sweeper: NodeJS.Timeout
  #running = 0

  constructor(options: SharedConcurrencyOptions) {
    const { ledger, accountLimit, committed = () => 0, onFault, keepMs = 1000, graceMs = 50, turnMs = 500 } = options
    this.#areInheritedUsed = options.areInheritedUsed ?? false
    this.#ledger = ledger
    this.#accountLimit = accountLimit
    this.#committed = committed
    this.#onFault = onFault
    this.#graceMs = graceMs
    this.#turnMs = turnMs
    this.#sweeper = setInterval(() => this.#sweep(), keepMs).unref()
    ledger.listen({
      onWanted: (functionName, permits) => {
        if (functionName !== undefined) this.#noteWanted(functionName, permits)
        this.#yield(functionName)
      },
      onInherited: (share, permits) => this.#inherit(this.#heldOf(share), permits),
      onLost: () => this.#lose(),
      onDoubt: () => (this.#isInDoubt = true),
    })
  }

  enter(scope: ConcurrencyScope): void | Promise<void> {
    if (isUnlimited(scope)) {
      this.#running++
      return
    }
    return this.#takeUnused(scope) ? undefined : this.#acquire(scope)
  }

  async count(scope: ConcurrencyScope): Promise<void> {
    if (isUnlimited(scope)) return this.enter(scope)
    const held = this.#heldOf(shareOf(scope))
    if (held.sought > 0) held.sought--
    else if (held.inherited > 0) held.inherited--
    else if (unusedOf(held) === 0) {
      await this.#ask({ ...this.#requestOf(scope), isFound: true })
      held.permits++
    }
    this.#use(held)
  }

  leave(scope: ConcurrencyScope): void {
    this.#running--
    if (isUnlimited(scope)) return
    const held = this.#heldOf(shareOf(scope))
    held.inUse--
    if (held.wantedMs !== undefined) this.#yieldNext(held, held.wantedMs)
  }

  running(): number {
    return this.#running
  }

  lookForInherited(): () => void {
    for (const held of this.#heldByShare.values()) {
      held.sought += held.inherited
      held.inherited = 0
    }
    return () => this.#heldByShare.forEach((held) => (held.sought = 0))
  }

  async close(): Promise<void> {
    clearInterval(this.#sweeper)
    await this.#reconciling
    this.#yield(undefined)
    await Promise.all(this.#returning)
    if (this.#isInDoubt) this.#reconcile()
    await this.#reconciling
  }

  /** Permits that were acquired with another reserved concurrency are released first. */
  #takeUnused(scope: ConcurrencyScope): boolean {
    const held = this.#heldOf(shareOf(scope))
    if (held.reserved !== scope.reserved) {
      if (this.#reconciling !== undefined) return false
      this.#return(held, unusedOf(held))
    }
    held.reserved = scope.reserved
    if (unusedOf(held) === 0) return false
    this.#use(held)
    return true
  }

  #use(held: HeldPermits): void {
    this.#running++
    held.inUse++
    held.leastUnused = Math.min(held.leastUnused, unusedOf(held))
  }

  #inherit(held: HeldPermits, permits: number): void {
    held.permits += permits
    if (this.#areInheritedUsed) held.inherited += permits
  }

  /** Running invocations are reconciled with the ledger. */
  #lose(): void {
    for (const held of this.#heldByShare.values()) Object.assign(held, { permits: 0, inherited: 0, sought: 0 })
    this.#isInDoubt = true
  }

  #noteWanted(functionName: string, permits: number): void {
    const held = this.#heldByShare.get(keyOf({ functionName, isReserved: true }))
    if (held !== undefined && unusedOf(held) === 0 && held.permits > permits) held.wantedMs = performance.now()
  }

  /** The yielded permit is not requested again before others could acquire it. */
  #yieldNext(held: HeldPermits, wantedMs: number): void {
    const nowMs = performance.now()
    if (nowMs - held.turnedMs < this.#turnMs) return
    held.wantedMs = undefined
    if (nowMs - wantedMs > waitedMs || unusedOf(held) === 0) return
    held.turnedMs = nowMs
    held.restsUntilMs = nowMs + 2 * this.#graceMs
    this.#return(held, 1)
  }

  async #acquire(scope: ConcurrencyScope): Promise<void> {
    const restMs = this.#heldOf(shareOf(scope)).restsUntilMs - performance.now()
    if (restMs > 0) {
      await delay(restMs)
      if (this.#takeUnused(scope)) return
    }
    const request = this.#requestOf(scope)
    let answer = await this.#ask(request)
    if (answer !== 'acquired') {
      await delay(this.#graceMs)
      if (this.#takeUnused(scope)) return
      answer = await this.#ask(request)
    }
    if (answer !== 'acquired')
      throw answer === 'account' ? accountConcurrencyExceeded() : limitExceeded(scope.isOutside === true)
    const held = this.#heldOf(shareOf(scope))
    held.permits++
    held.turnedMs = performance.now()
    this.#use(held)
  }

  #requestOf(scope: ConcurrencyScope): PermitRequest {
    const accountLimit = this.#accountLimit
    return { ...scope, accountLimit, unreservedLimit: accountLimit - this.#committed() }
  }

  async #ask(request: PermitRequest): Promise<'acquired' | Refusal> {
    await this.#reconciling
    this.#asking++
    try {
      return await this.#ledger.acquire(request)
    } catch (cause) {
      this.#isInDoubt = true
      throw cause
    } finally {
      this.#asking--
    }
  }

  #heldOf(share: Share): HeldPermits {
    const key = keyOf(share)
    let held = this.#heldByShare.get(key)
    if (held === undefined) {
      held = newHeldPermits(share)
      this.#heldByShare.set(key, held)
    }
    return held
  }

  #sweep(): void {
    if (this.#isInDoubt) this.#reconcile()
    const unneeded = new Map<HeldPermits, number>()
    for (const [key, held] of this.#heldByShare) {
      const unused = unusedOf(held)
      const permits = Math.min(held.leastUnused, unused)
      if (permits > 0) unneeded.set(held, permits)
      held.leastUnused = unused
      const isResting = held.restsUntilMs > performance.now()
      if (held.permits === 0 && held.inUse === 0 && !isResting) this.#heldByShare.delete(key)
    }
    if (unneeded.size > 0) void this.#returnToReached(unneeded)
  }

  /** While the ledger is unreachable, permits are kept: no other server could acquire them, nor could this one again. */
  async #returnToReached(unneeded: ReadonlyMap<HeldPermits, number>): Promise<void> {
    try {
      await this.#ledger.reach()
    } catch {
      return
    }
    for (const [held, permits] of unneeded) this.#return(held, Math.min(permits, unusedOf(held)))
  }

  #yield(functionName: string | undefined): void {
    for (const held of this.#heldByShare.values()) {
      const isWanted = functionName === undefined || held.share.functionName === functionName
      if (isWanted) this.#return(held, unusedOf(held))
    }
  }

  /** Starts once no other call is in progress; meanwhile nothing is acquired or released. */
  #reconcile(): void {
    if (this.#asking > 0 || this.#returning.size > 0 || this.#reconciling !== undefined) return
    this.#isInDoubt = false
    this.#reconciling = this.#ledger
      .reconcile(() => this.#heldShares())
      .catch(() => void (this.#isInDoubt = true))
      .finally(() => (this.#reconciling = undefined))
  }

  /** Running invocations count, even when their permit was lost. */
  #heldShares(): HeldShare[] {
    const all = [...this.#heldByShare.values()]
    for (const held of all) held.permits = Math.max(held.permits, held.inUse)
    return all.filter(({ permits }) => permits > 0)
  }

  /** After a failed release the ledger may or may not have the permits: this server does not use them. */
  #return(held: HeldPermits, permits: number): void {
    if (permits <= 0 || this.#reconciling !== undefined) return
    held.permits -= permits
    const { share } = held
    const returned = this.#ledger.release(share, permits).catch((cause: unknown) => {
      this.#isInDoubt = true
      this.#onFault(`Concurrency permits of ${share.functionName} could not be released; retrying.`, cause)
    })
    this.#returning.add(returned)
    void returned.then(() => this.#returning.delete(returned))
  }
}

function keyOf({ functionName, isReserved }: Share): string {
  return `${functionName} ${String(isReserved)}`
}

function shareOf({ functionName, reserved }: ConcurrencyScope): Share {
  return { functionName, isReserved: reserved !== undefined }
}

/** Without a limit no permit is needed. */
function isUnlimited({ isOutside = false, reserved }: ConcurrencyScope): boolean {
  return isOutside && reserved === undefined
}
