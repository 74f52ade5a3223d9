/** Which environments may be claimed besides those of dead servers. */
export interface ClaimOptions {
  /** Also one without a recorded holder. */
  readonly isUnknownFree?: boolean
  /** Also a parked one. */
  readonly isParkedFree?: boolean
}

/** An environment that may be parked, and its key. */
export interface ParkedEnvironment {
  readonly id: string
  readonly key: string
}

/**
 * Records which server holds which environment, where environments outlive their servers. Guarantees: an environment has one
 * holder; a living server holds it until it parks or forgets it; fencing tokens grow over all servers, so that the environment
 * itself rejects a replaced holder.
 */
export interface EnvironmentLeases {
  nextToken(): Promise<number>
  /** Makes this server the holder, even of a parked environment; one of another living server is not changed. */
  hold(id: string): Promise<void>
  /** Makes this server the holder unless a living one is; returns 'unknown' when no holder is recorded. */
  claim(id: string, options?: ClaimOptions): Promise<'claimed' | 'held' | 'unknown'>
  /** Parks an idle environment for any server that needs its key. Returns false when this server no longer holds it. */
  park(id: string, key: string): Promise<boolean>
  /** Takes the environment of the key that was parked last. */
  takeParked(key: string): Promise<string | undefined>
  /** Takes the longest-parked one of these environments. */
  takeLongestParked(environments: readonly ParkedEnvironment[]): Promise<string | undefined>
  /** Removes an environment that has ended. */
  forget(id: string): Promise<void>
  /** Asks the other servers to park a free environment of the key; returns whether one did. A server that does not reply has none. */
  want(key: string): Promise<boolean>
  /** The listener gets the key of which another server needs an environment, and returns whether it parked one. */
  onWanted(listener: (key: string) => Promise<boolean>): void
  /** All environments with a recorded holder. */
  known(): Promise<string[]>
  /** Removes environments that have ended, except those of another living server, which removes them itself. */
  forgetGone(ids: readonly string[]): Promise<void>
}

/** Leases of a server that shares its environments with no other: it holds all, including those found at its start. */
export function ownLeases(nextToken: () => Promise<number>): EnvironmentLeases {
  return {
    nextToken,
    hold: () => Promise.resolve(),
    claim: () => Promise.resolve('claimed'),
    park: () => Promise.resolve(false),
    takeParked: () => Promise.resolve(undefined),
    takeLongestParked: () => Promise.resolve(undefined),
    forget: () => Promise.resolve(),
    want: () => Promise.resolve(false),
    onWanted: () => undefined,
    known: () => Promise.resolve([]),
    forgetGone: () => Promise.resolve(),
  }
}
