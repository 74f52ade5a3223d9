import type { EnvironmentSpec, Launched } from '../driver/driver.ts'
import type { Environment } from '../environment/environment.ts'
import type { Pool } from './pool.ts'

/** How environments pass between servers while all of them live. What fails here costs a start, never an invocation. */
export interface Sharing {
  /**
   * An environment of the spec that another server, or this one, left to whoever needs it; other servers are asked for one
   * where the version has some that are kept initialised.
   */
  takeParked(spec: EnvironmentSpec): Promise<Launched | undefined>
  /** Leaves free environments of the pool for which `isMeant` holds to whoever needs them; what cannot be left stays there. */
  parkFree(pool: Pool, key: string, isMeant: (environment: Environment) => boolean): Promise<void>
  /** Ends the environment that waits longest for whoever needs it, of those that were not initialised ahead; answers its id. */
  endLongestParked(): Promise<string | undefined>
  /** Where to find what other servers ask for. */
  onWanted(findPool: (key: string) => Pool | undefined): void
  /** Whether the environment is being taken for an invocation just now. */
  isTaking(id: string): boolean
  /** A launched environment is this server's. */
  hold(id: string): void
  /** An environment is gone. */
  forget(id: string): void
}
