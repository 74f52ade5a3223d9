/** Who is nobody's, and may be claimed beside what a dead server held. */
export interface ClaimOptions {
  /** Also one of which nobody has said whose it is. */
  readonly isUnknownFree?: boolean
  /** Also one that waits for whoever needs it. */
  readonly isParkedFree?: boolean
}

/** An environment that may be parked, and the key under which it is then. */
export interface ParkedEnvironment {
  readonly id: string
  readonly key: string
}

/**
 * Which server holds which environment, where environments outlive their servers. Promises: an environment has one holder; a
 * living server keeps what it holds until it parks or forgets it; tokens grow over all servers, so that who was replaced is
 * refused by the environment itself.
 */
export interface EnvironmentLeases {
  nextToken(): Promise<number>
  /** An environment that this server uses is its own, also where it was parked in vain; one of another living server stays that's. */
  hold(id: string): Promise<void>
  /** Makes this server the holder unless a living one is; 'unknown' when nobody has said whose it is. */
  claim(id: string, options?: ClaimOptions): Promise<'claimed' | 'held' | 'unknown'>
  /** Leaves an idle environment to whoever needs one of its key; false when it is not this server's any more. */
  park(id: string, key: string): Promise<boolean>
  /** The environment of the key that was parked last, which is then this server's. */
  takeParked(key: string): Promise<string | undefined>
  /** The one of these that waits longest for whoever needs it; it is then this server's. */
  takeLongestParked(environments: readonly ParkedEnvironment[]): Promise<string | undefined>
  /** The environment is gone. */
  forget(id: string): Promise<void>
  /** Asks the other servers to park a free environment of the key; whether one did. Servers that do not answer have none. */
  want(key: string): Promise<boolean>
  /** Called with the key that another server wants an environment of; answers whether one was parked. */
  onWanted(listener: (key: string) => Promise<boolean>): void
  /** All environments of which somebody has said whose they are. */
  known(): Promise<string[]>
  /** These are gone, whoever held them; those of another living server are its own to forget. */
  forgetGone(ids: readonly string[]): Promise<void>
}

/** Leases of a server that shares its environments with no other: all of them are its own, also those found at its start. */
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
