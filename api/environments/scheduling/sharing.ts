import type { EnvironmentSpec, Launched } from '../driver/driver.ts'
import type { Environment } from '../environment/environment.ts'
import type { Pool } from './pool.ts'

/** Passes environments between living servers. A failure costs a cold start, never an invocation. */
export interface Sharing {
  /**
   * A parked environment of the spec. If there is none and the version has provisioned environments, the other servers are asked
   * to park one.
   */
  takeParked(spec: EnvironmentSpec): Promise<Launched | undefined>
  /** Parks the free environments of the pool that match; those that cannot be parked stay in the pool. */
  parkFree(pool: Pool, key: string, isMeant: (environment: Environment) => boolean): Promise<void>
  /** Ends the longest-parked environment that was not preinitialised. Returns its id. */
  endLongestParked(): Promise<string | undefined>
  /** Sets how to find the pool of a key that another server asks for. */
  onWanted(findPool: (key: string) => Pool | undefined): void
  /** Whether the environment is being taken over for an invocation. */
  isTaking(id: string): boolean
  /** Records this server as the holder of a launched environment. */
  hold(id: string): void
  /** An environment is gone. */
  forget(id: string): void
}
