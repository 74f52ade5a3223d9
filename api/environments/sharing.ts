import type { EnvironmentSpec, Launched, SharedEnvironments } from './driver.ts'
import type { Environment } from './environment.ts'
import type { EnvironmentLeases } from './leases.ts'
import type { Pool } from './pool.ts'

/** How environments pass between servers while all of them live. What fails here costs a start, never an invocation. */
export interface Sharing {
  /** An environment of the spec that another server, or this one, left to whoever needs it. */
  takeParked(spec: EnvironmentSpec): Promise<Launched | undefined>
  /** Leaves free environments of the pool for which `isMeant` holds to whoever needs them; what cannot be left stays there. */
  parkFree(pool: Pool, key: string, isMeant: (environment: Environment) => boolean): Promise<void>
  /** A launched environment is this server's. */
  hold(id: string): void
  /** An environment is gone. */
  forget(id: string): void
}

export interface SharingDependencies {
  readonly shared: SharedEnvironments
  readonly leases: EnvironmentLeases
  readonly log: { warn(line: string): void }
}

export function createSharing({ shared, leases, log }: SharingDependencies): Sharing {
  const quietly = (work: Promise<unknown>) => void work.catch(() => undefined)

  async function takeParked(spec: EnvironmentSpec): Promise<Launched | undefined> {
    for (;;) {
      const id = await leases.takeParked(spec.key).catch(() => undefined)
      if (id === undefined) return undefined
      try {
        return await shared.takeOver(id, spec, await leases.nextToken())
      } catch (cause) {
        log.warn(
          `The parked environment ${id} of ${spec.functionName} cannot be reached and is ended: ${String(cause)}`,
        )
        shared.end(id)
        quietly(leases.forget(id))
      }
    }
  }

  async function park(pool: Pool, environment: Environment, key: string): Promise<void> {
    if (await leases.park(environment.launched.id, key).catch(() => false)) environment.release()
    else if (environment.isFree) pool.offer(environment)
  }

  return {
    takeParked,
    parkFree: async (pool, key, isMeant) => {
      const free = pool.withdraw((environment) => !pool.kept.has(environment) && isMeant(environment))
      await Promise.all(free.map((environment) => park(pool, environment, key)))
    },
    hold: (id) => quietly(leases.hold(id)),
    forget: (id) => quietly(leases.forget(id)),
  }
}
