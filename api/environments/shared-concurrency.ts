import { setTimeout as delay } from 'node:timers/promises'
import { accountConcurrencyExceeded } from '../errors.ts'
import { limitExceeded, type Claim, type Concurrency } from './concurrency.ts'
import type { BookRequest, PlaceLedger, Refusal, Share } from './place-ledger.ts'

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
  /** A place that a server with fewer waits for is kept at least so long. */
  readonly turnMs?: number
}

/** Places of one share that this server has booked. */
interface Booked {
  readonly share: Share
  places: number
  inUse: number
  /** The fewest places that were unused since the last look. */
  leastUnused: number
  /** The reserve under which unused places were booked; under another one they have to be booked anew. */
  reserved: number | undefined
  /** When the last place came, or went to another server. */
  turnedMs: number
  /** When a server that has fewer places was last refused one. */
  wantedMs: number | undefined
  /** Until then another server books first. */
  restsUntilMs: number
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
 * 6. settle   after an answer was lost the ledger gives up what this server does not know of
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
  readonly #booked = new Map<string, Booked>()
  readonly #returning = new Set<Promise<void>>()
  /** Questions to the ledger that are not answered. */
  #asking = 0
  /** An answer was lost: the ledger may have places of this server that it does not know of. */
  #isInDoubt = false
  #settling: Promise<void> | undefined
  readonly #sweeper: NodeJS.Timeout
  #running = 0

  constructor(options: SharedConcurrencyOptions) {
    const { ledger, accountLimit, committed = () => 0, onFault, keepMs = 1000, graceMs = 50, turnMs = 500 } = options
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
      onInherited: (share, places) => void (this.#bookedOf(share).places += places),
      onLost: () => this.#booked.forEach((booked) => (booked.places = 0)),
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
      this.#return(booked, booked.places - booked.inUse)
    }
    booked.reserved = claim.reserved
    if (booked.inUse >= booked.places) return false
    this.#use(booked)
    return true
  }

  #use(booked: Booked): void {
    this.#running++
    booked.inUse++
    booked.leastUnused = Math.min(booked.leastUnused, booked.places - booked.inUse)
  }

  #noteWanted(functionName: string, places: number): void {
    const booked = this.#booked.get(keyOf({ functionName, isReserved: true }))
    if (booked !== undefined && booked.inUse >= booked.places && booked.places > places)
      booked.wantedMs = performance.now()
  }

  /** The place that goes is not asked for again before others could book it. */
  #giveWay(booked: Booked, wantedMs: number): void {
    const nowMs = performance.now()
    if (nowMs - booked.turnedMs < this.#turnMs) return
    booked.wantedMs = undefined
    if (nowMs - wantedMs > waitedMs || booked.inUse >= booked.places) return
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
    const accountLimit = this.#accountLimit
    const request = { ...claim, accountLimit, unreservedLimit: accountLimit - this.#committed() }
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
      const turns = { turnedMs: -Infinity, wantedMs: undefined, restsUntilMs: -Infinity }
      booked = { share, places: 0, inUse: 0, leastUnused: Infinity, reserved: undefined, ...turns }
      this.#booked.set(key, booked)
    }
    return booked
  }

  #sweep(): void {
    if (this.#isInDoubt) this.#settle()
    const unneeded = new Map<Booked, number>()
    for (const [key, booked] of this.#booked) {
      const unused = booked.places - booked.inUse
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
    for (const [booked, places] of unneeded) this.#return(booked, Math.min(places, booked.places - booked.inUse))
  }

  #yield(functionName: string | undefined): void {
    for (const booked of this.#booked.values()) {
      const isWanted = functionName === undefined || booked.share.functionName === functionName
      if (isWanted) this.#return(booked, booked.places - booked.inUse)
    }
  }

  /** Once nothing else is under way; while it is, nothing is booked or given back. */
  #settle(): void {
    if (this.#asking > 0 || this.#returning.size > 0 || this.#settling !== undefined) return
    this.#isInDoubt = false
    this.#settling = this.#ledger
      .settle(() => [...this.#booked.values()])
      .catch(() => void (this.#isInDoubt = true))
      .finally(() => (this.#settling = undefined))
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
