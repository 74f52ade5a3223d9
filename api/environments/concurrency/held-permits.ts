import type { Share } from './permit-ledger.ts'

/** Places of one share that this server has booked. */
export interface HeldPermits {
  readonly share: Share
  permits: number
  inUse: number
  /** Places of servers that are no more, whose invocations nobody has looked for. */
  inherited: number
  /** Those whose invocations are being looked for. */
  sought: number
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

export function newHeldPermits(share: Share): HeldPermits {
  const turns = { turnedMs: -Infinity, wantedMs: undefined, restsUntilMs: -Infinity }
  return { share, permits: 0, inUse: 0, inherited: 0, sought: 0, leastUnused: Infinity, reserved: undefined, ...turns }
}

/** Places that the next invocation may have. */
export function unusedOf({ permits, inUse, inherited, sought }: HeldPermits): number {
  return Math.max(0, permits - inUse - inherited - sought)
}
