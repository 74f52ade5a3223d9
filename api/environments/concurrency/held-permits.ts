import type { Share } from './permit-ledger.ts'

/** Permits of one share that this server holds. */
export interface HeldPermits {
  readonly share: Share
  permits: number
  inUse: number
  /** Permits of dead servers whose invocations have not been looked for. */
  inherited: number
  /** Permits of dead servers whose invocations are being looked for. */
  sought: number
  /** The fewest unused permits since the last sweep. */
  leastUnused: number
  /** The reserved concurrency with which unused permits were acquired; after a change they have to be acquired again. */
  reserved: number | undefined
  /** When the last permit was acquired, or yielded to another server. */
  turnedMs: number
  /** When a server with fewer permits was last refused one. */
  wantedMs: number | undefined
  /** Until then, other servers may acquire first. */
  restsUntilMs: number
}

export function newHeldPermits(share: Share): HeldPermits {
  const times = { turnedMs: -Infinity, wantedMs: undefined, restsUntilMs: -Infinity }
  return { share, permits: 0, inUse: 0, inherited: 0, sought: 0, leastUnused: Infinity, reserved: undefined, ...times }
}

/** Permits that are available to the next invocation. */
export function unusedOf({ permits, inUse, inherited, sought }: HeldPermits): number {
  return Math.max(0, permits - inUse - inherited - sought)
}
