import { setTimeout as delay } from 'node:timers/promises'
import { accountConcurrencyExceeded } from '../../errors.ts'
import { newBooked, unusedOf, type Booked } from './held-permits.ts'
import { limitExceeded, type Claim, type Concurrency } from './concurrency.ts'
import type { BookRequest, Held, PlaceLedger, Refusal, Share } from './permit-ledger.ts'

export interface SharedConcurrencyOptions {
  readonly ledger: PlaceLedger
  readonly accountLimit: number
  /** What functions keep from those that reserve nothing. */
  readonly committed?: () => number
  /** Takes failures to give places back, which is tried again. */
  readonly onFault: (message: string, cause: unknown) => void
  /** Places that nobody needed for so long go back. */
  readonly keepMs?: number
  /** After so long another server has given back what it does not use. */
  readonly graceMs?: number
  /** Servers that are no more leave invocations that run on: their places are free once somebody looked for those. */
  readonly areInheritedUsed?: boolean
  /** A place that a server with fewer waits for is kept at least so long. */
  readonly turnMs?: number
}

/** Who was refused a place so long ago does not wait for one any more. */
const waitedMs = 1_000

/**
 * Concurrency over servers that share their functions.
 *
 * 1. enter    takes a place that this server has booked and does not use: no question to the ledger
 * 2. book     else one more from the ledger; refused, it asks once more when others had time to give back   place-ledger.ts
 * 3. leave    the place stays this server's a short while, for the next invocation
 * 4. return   what was not needed for that while goes back, unless the ledger is away, and at once what another server wants
 * 5. give way  while all places are in use, a server that has more than one that asks in vain lets it have the next that is left
 * 6. inherit  places of a server that is no more count as used until what it left running was looked for; what is found counts itself
 * 7. settle   after an answer, or what the ledger had written, was lost, the ledger is told what this server holds
 */
export function createSharedConcurrency(options: SharedConcurrencyOptions): Concurrency {
  return new SharedConcurrency(options)
}

class SharedConcurrency implements Concurrency {
  readonly #ledger: PlaceLedger
  readonly #accountLimit: number
  readonly #committed: () => number
  readonly #onFault: SharedConcurrencyOptions['onFault']
  readonly #graceMs: number
  readonly #turnMs: number
  readonly #areInheritedUsed: boolean
  readonly #booked = new Map<string, Booked>()
  readonly #returning = new Set<Promise<void>>()
  /** Questions to the ledger that are not answered. */
  #asking = 0
  /** The ledger and this server may not agree. */
  #isInDoubt = false
  #settling: Promise<void> | undefined
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
      onWanted: (functionName, places) => {
        if (functionName !== undefined) this.#noteWanted(functionName, places)
        this.#yield(functionName)
      },
      onInherited: (share, places) => this.#inherit(this.#bookedOf(share), places),
      onLost: () => this.#lose(),
      onDoubt: () => (this.#isInDoubt = true),
    })
  }

  enter(claim: Claim): void | Promise<void> {
    if (isUnlimited(claim)) {
      this.#running++
      return
    }
    return this.#takeUnused(claim) ? undefined : this.#book(claim)
  }

  async count(claim: Claim): Promise<void> {
    if (isUnlimited(claim)) return this.enter(claim)
    const booked = this.#bookedOf(shareOf(claim))
    if (booked.sought > 0) booked.sought--
    else if (booked.inherited > 0) booked.inherited--
    else if (unusedOf(booked) === 0) {
      await this.#ask({ ...this.#requestOf(claim), isFound: true })
      booked.places++
    }
    this.#use(booked)
  }

  leave(claim: Claim): void {
    this.#running--
    if (isUnlimited(claim)) return
    const booked = this.#bookedOf(shareOf(claim))
    booked.inUse--
    if (booked.wantedMs !== undefined) this.#giveWay(booked, booked.wantedMs)
  }

  running(): number {
    return this.#running
  }

  lookForInherited(): () => void {
    for (const booked of this.#booked.values()) {
      booked.sought += booked.inherited
      booked.inherited = 0
    }
    return () => this.#booked.forEach((booked) => (booked.sought = 0))
  }

  async close(): Promise<void> {
    clearInterval(this.#sweeper)
    await this.#settling
    this.#yield(undefined)
    await Promise.all(this.#returning)
    if (this.#isInDoubt) this.#settle()
    await this.#settling
  }

  /** What was booked under another reserve goes back first. */
  #takeUnused(claim: Claim): boolean {
    const booked = this.#bookedOf(shareOf(claim))
    if (booked.reserved !== claim.reserved) {
      if (this.#settling !== undefined) return false
      this.#return(booked, unusedOf(booked))
    }
    booked.reserved = claim.reserved
    if (unusedOf(booked) === 0) return false
    this.#use(booked)
    return true
  }

  #use(booked: Booked): void {
    this.#running++
    booked.inUse++
    booked.leastUnused = Math.min(booked.leastUnused, unusedOf(booked))
  }

  #inherit(booked: Booked, places: number): void {
    booked.places += places
    if (this.#areInheritedUsed) booked.inherited += places
  }

  /** What runs here still is told to the ledger anew. */
  #lose(): void {
    for (const booked of this.#booked.values()) Object.assign(booked, { places: 0, inherited: 0, sought: 0 })
    this.#isInDoubt = true
  }

  #noteWanted(functionName: string, places: number): void {
    const booked = this.#booked.get(keyOf({ functionName, isReserved: true }))
    if (booked !== undefined && unusedOf(booked) === 0 && booked.places > places) booked.wantedMs = performance.now()
  }

  /** The place that goes is not asked for again before others could book it. */
  #giveWay(booked: Booked, wantedMs: number): void {
    const nowMs = performance.now()
    if (nowMs - booked.turnedMs < this.#turnMs) return
    booked.wantedMs = undefined
    if (nowMs - wantedMs > waitedMs || unusedOf(booked) === 0) return
    booked.turnedMs = nowMs
    booked.restsUntilMs = nowMs + 2 * this.#graceMs
    this.#return(booked, 1)
  }

  async #book(claim: Claim): Promise<void> {
    const restMs = this.#bookedOf(shareOf(claim)).restsUntilMs - performance.now()
    if (restMs > 0) {
      await delay(restMs)
      if (this.#takeUnused(claim)) return
    }
    const request = this.#requestOf(claim)
    let answer = await this.#ask(request)
    if (answer !== 'booked') {
      await delay(this.#graceMs)
      if (this.#takeUnused(claim)) return
      answer = await this.#ask(request)
    }
    if (answer !== 'booked')
      throw answer === 'account' ? accountConcurrencyExceeded() : limitExceeded(claim.isOutside === true)
    const booked = this.#bookedOf(shareOf(claim))
    booked.places++
    booked.turnedMs = performance.now()
    this.#use(booked)
  }

  #requestOf(claim: Claim): BookRequest {
    const accountLimit = this.#accountLimit
    return { ...claim, accountLimit, unreservedLimit: accountLimit - this.#committed() }
  }

  async #ask(request: BookRequest): Promise<'booked' | Refusal> {
    await this.#settling
    this.#asking++
    try {
      return await this.#ledger.book(request)
    } catch (cause) {
      this.#isInDoubt = true
      throw cause
    } finally {
      this.#asking--
    }
  }

  #bookedOf(share: Share): Booked {
    const key = keyOf(share)
    let booked = this.#booked.get(key)
    if (booked === undefined) {
      booked = newBooked(share)
      this.#booked.set(key, booked)
    }
    return booked
  }

  #sweep(): void {
    if (this.#isInDoubt) this.#settle()
    const unneeded = new Map<Booked, number>()
    for (const [key, booked] of this.#booked) {
      const unused = unusedOf(booked)
      const places = Math.min(booked.leastUnused, unused)
      if (places > 0) unneeded.set(booked, places)
      booked.leastUnused = unused
      const isResting = booked.restsUntilMs > performance.now()
      if (booked.places === 0 && booked.inUse === 0 && !isResting) this.#booked.delete(key)
    }
    if (unneeded.size > 0) void this.#returnToReached(unneeded)
  }

  /** Without the ledger places stay: nobody else could have them, and what runs here next could not book them again. */
  async #returnToReached(unneeded: ReadonlyMap<Booked, number>): Promise<void> {
    try {
      await this.#ledger.reach()
    } catch {
      return
    }
    for (const [booked, places] of unneeded) this.#return(booked, Math.min(places, unusedOf(booked)))
  }

  #yield(functionName: string | undefined): void {
    for (const booked of this.#booked.values()) {
      const isWanted = functionName === undefined || booked.share.functionName === functionName
      if (isWanted) this.#return(booked, unusedOf(booked))
    }
  }

  /** Once nothing else is under way; while it is, nothing is booked or given back. */
  #settle(): void {
    if (this.#asking > 0 || this.#returning.size > 0 || this.#settling !== undefined) return
    this.#isInDoubt = false
    this.#settling = this.#ledger
      .settle(() => this.#held())
      .catch(() => void (this.#isInDoubt = true))
      .finally(() => (this.#settling = undefined))
  }

  /** What runs counts, also when its place was lost. */
  #held(): Held[] {
    const all = [...this.#booked.values()]
    for (const booked of all) booked.places = Math.max(booked.places, booked.inUse)
    return all.filter(({ places }) => places > 0)
  }

  /** Whether places that could not be given back are this server's still is not known: it does without them. */
  #return(booked: Booked, places: number): void {
    if (places <= 0 || this.#settling !== undefined) return
    booked.places -= places
    const { share } = booked
    const returned = this.#ledger.giveBack(share, places).catch((cause: unknown) => {
      this.#isInDoubt = true
      this.#onFault(`Places of ${share.functionName} could not be given back; this is tried again.`, cause)
    })
    this.#returning.add(returned)
    void returned.then(() => this.#returning.delete(returned))
  }
}

function keyOf({ functionName, isReserved }: Share): string {
  return `${functionName} ${String(isReserved)}`
}

function shareOf({ functionName, reserved }: Claim): Share {
  return { functionName, isReserved: reserved !== undefined }
}

/** What counts for no limit needs no place. */
function isUnlimited({ isOutside = false, reserved }: Claim): boolean {
  return isOutside && reserved === undefined
}
