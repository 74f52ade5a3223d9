import type { Share } from './permit-ledger.ts'

/** Places of one share that this server has booked. */
export interface Booked {
  readonly share: Share
  places: number
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

export function newBooked(share: Share): Booked {
  const turns = { turnedMs: -Infinity, wantedMs: undefined, restsUntilMs: -Infinity }
  return { share, places: 0, inUse: 0, inherited: 0, sought: 0, leastUnused: Infinity, reserved: undefined, ...turns }
}

/** Places that the next invocation may have. */
export function unusedOf({ places, inUse, inherited, sought }: Booked): number {
  return Math.max(0, places - inUse - inherited - sought)
}
