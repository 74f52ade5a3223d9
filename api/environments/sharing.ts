import { setTimeout as delay } from 'node:timers/promises'
import type { EnvironmentSpec, Launched, SharedEnvironments } from './driver.ts'
import type { Environment } from './environment.ts'
import type { EnvironmentLeases } from './leases.ts'
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
  /** Ends the environment that waits longest for whoever needs it, of those that were not initialised ahead. */
  endLongestParked(): Promise<void>
  /** Where to find what other servers ask for. */
  onWanted(findPool: (key: string) => Pool | undefined): void
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

/** Servers that were asked for an environment have these moments to leave one, ms. */
const moments = [5, 10, 20, 40]
/** At most so many are looked at for one that is to end. */
const mostAsked = 1_000
/** Who asked in vain asks no more for so long, ms. */
const inVainMs = 1_000

export function createSharing({ shared, leases, log }: SharingDependencies): Sharing {
  /** Keys that nobody had a free environment of, by when that was. */
  const inVain = new Map<string, number>()

  async function takeOne(spec: EnvironmentSpec): Promise<Launched | undefined> {
    for (;;) {
      const id = await leases.takeParked(parkedKey(spec.key, spec.isProvisioned)).catch(() => undefined)
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

  async function takeWanted(spec: EnvironmentSpec): Promise<Launched | undefined> {
    if (performance.now() - (inVain.get(spec.key) ?? -Infinity) < inVainMs) return undefined
    try {
      await leases.want(spec.key)
    } catch {
      return undefined
    }
    for (const moment of moments) {
      await delay(moment)
      const taken = (await takeOne({ ...spec, isProvisioned: true })) ?? (await takeOne(spec))
      if (taken !== undefined) return taken
    }
    inVain.set(spec.key, performance.now())
    return undefined
  }

  async function park(pool: Pool, environment: Environment, key: string): Promise<void> {
    const under = parkedKey(key, pool.ahead.has(environment))
    if (await leases.park(environment.launched.id, under).catch(() => false)) environment.release()
    else if (environment.isFree) pool.offer(environment)
  }

  return {
    async takeParked(spec) {
      // What is to be kept must have been initialised ahead; an invocation may run in either.
      if (spec.provisioned === undefined || spec.isProvisioned === true) return takeOne(spec)
      return (await takeOne({ ...spec, isProvisioned: true })) ?? (await takeOne(spec)) ?? (await takeWanted(spec))
    },
    parkFree: async (pool, key, isMeant) => {
      const free = pool.withdraw((environment) => !pool.kept.has(environment) && isMeant(environment))
      await Promise.all(free.map((environment) => park(pool, environment, key)))
    },
    endLongestParked: () => endLongestParked(shared, leases),
    onWanted: (findPool) =>
      leases.onWanted((key) => {
        const pool = findPool(key)
        const environment = pool?.withdrawAny()
        if (pool !== undefined && environment !== undefined) void park(pool, environment, key)
      }),
    hold: (id) => quietly(leases.hold(id)),
    forget: (id) => quietly(leases.forget(id)),
  }
}

async function endLongestParked(shared: SharedEnvironments, leases: EnvironmentLeases): Promise<void> {
  const found = (await shared.list()).filter(({ isProvisioned }) => isProvisioned !== true)
  const id = await leases.takeLongestParked(found.slice(-mostAsked)).catch(() => undefined)
  if (id === undefined) return
  shared.end(id)
  quietly(leases.forget(id))
}

function quietly(work: Promise<unknown>): void {
  void work.catch(() => undefined)
}

/** Those that were initialised ahead wait apart: functions are told which they are. */
function parkedKey(key: string, isProvisioned = false): string {
  return isProvisioned ? `${key}:provisioned` : key
}
