import type { EnvironmentSpec, Launched, SharedEnvironments } from '../driver/driver.ts'
import type { Environment } from '../environment/environment.ts'
import type { Sharing } from '../scheduling/sharing.ts'
import type { EnvironmentLeases } from './leases.ts'
import type { Pool } from '../scheduling/pool.ts'

export interface SharingDependencies {
  readonly shared: SharedEnvironments
  readonly leases: EnvironmentLeases
  readonly log: { warn(line: string): void }
}

/** Most environments among which to look for one to end. */
const mostAsked = 1_000
/** After an unsuccessful request the other servers are not asked again for this time, ms. */
const unsuccessfulMs = 1_000
/** How long to try unreachable parked environments before launching one: the next may be on the same lost node. */
const timeoutMs = 1_000
/** How often a failed write to the store is retried. */
const againMs = 1_000

export function createSharing({ shared, leases, log }: SharingDependencies): Sharing {
  /** When no server had a free environment, by key. */
  const unsuccessful = new Map<string, number>()
  const { takeOne, isTaking } = takeParkedOnes({ shared, leases, log })
  const { hold, isUnrecorded, forget } = recordHeld(leases)

  async function takeEither(spec: EnvironmentSpec): Promise<Launched | undefined> {
    return (await takeOne({ ...spec, isProvisioned: true })) ?? (await takeOne(spec))
  }

  async function takeWanted(spec: EnvironmentSpec): Promise<Launched | undefined> {
    if (performance.now() - (unsuccessful.get(spec.key) ?? -Infinity) < unsuccessfulMs) return undefined
    for (;;) {
      const isParked = await leases.want(spec.key).catch(() => false)
      const taken = await takeEither(spec)
      if (taken !== undefined) return taken
      // Another server took the parked one: there may be another.
      if (isParked) continue
      unsuccessful.set(spec.key, performance.now())
      return undefined
    }
  }

  /** Returns whether the environment was parked. */
  async function park(pool: Pool, environment: Environment, key: string): Promise<boolean> {
    const under = parkedKey(key, pool.preinitialised.has(environment))
    const { id } = environment.launched
    // A pending write would take it back.
    const isParked = isUnrecorded(id) ? false : await leases.park(id, under).catch(() => undefined)
    if (isParked === true) environment.release()
    else if (environment.isFree) pool.offer(environment)
    // Without a reply it may have been parked, or may be soon.
    if (isParked === undefined && environment.isFree) hold(id)
    return isParked === true
  }

  return {
    async takeParked(spec) {
      // Only an environment that was preinitialised can be provisioned; an invocation may use either.
      if (spec.provisioned === undefined || spec.isProvisioned === true) return takeOne(spec)
      return (await takeEither(spec)) ?? (await takeWanted(spec))
    },
    parkFree: async (pool, key, isMeant) => {
      const free = pool.withdraw((environment) => !pool.kept.has(environment) && isMeant(environment))
      await Promise.all(free.map((environment) => park(pool, environment, key)))
    },
    endLongestParked: () => endLongestParked(shared, leases),
    onWanted: (findPool) =>
      leases.onWanted(async (key) => {
        const pool = findPool(key)
        const environment = pool?.withdrawAny()
        return pool !== undefined && environment !== undefined && (await park(pool, environment, key))
      }),
    ...{ isTaking, hold, forget },
  }
}

/** Takes over parked environments, and tracks which are being taken over. */
function takeParkedOnes({ shared, leases, log }: SharingDependencies) {
  const taking = new Set<string>()

  async function takeOver(id: string, spec: EnvironmentSpec): Promise<Launched | undefined> {
    taking.add(id)
    try {
      return await shared.takeOver(id, spec, await leases.nextToken())
    } catch (cause) {
      log.warn(`The parked environment ${id} of ${spec.functionName} is unreachable and was ended: ${String(cause)}`)
      shared.end(id)
      quietly(leases.forget(id))
      return undefined
    } finally {
      // By then it is in the pool of the caller.
      setImmediate(() => taking.delete(id))
    }
  }

  return {
    takeOne: async (spec: EnvironmentSpec): Promise<Launched | undefined> => {
      const endMs = performance.now() + timeoutMs
      while (performance.now() < endMs) {
        const id = await leases.takeParked(parkedKey(spec.key, spec.isProvisioned)).catch(() => undefined)
        if (id === undefined) return undefined
        const taken = await takeOver(id, spec)
        if (taken !== undefined) return taken
      }
      return undefined
    },
    isTaking: (id: string): boolean => taking.has(id),
  }
}

/** Records held environments in the store, and retries until it has acknowledged: others would adopt one without a holder. */
function recordHeld(leases: EnvironmentLeases) {
  const unrecorded = new Set<string>()

  async function record(id: string): Promise<void> {
    try {
      await leases.hold(id)
      unrecorded.delete(id)
    } catch {
      if (unrecorded.has(id)) setTimeout(() => void record(id), againMs).unref()
    }
  }

  return {
    hold: (id: string): void => {
      if (!unrecorded.has(id)) void record(id)
      unrecorded.add(id)
    },
    isUnrecorded: (id: string): boolean => unrecorded.has(id),
    forget: (id: string): void => {
      unrecorded.delete(id)
      quietly(leases.forget(id))
    },
  }
}

async function endLongestParked(shared: SharedEnvironments, leases: EnvironmentLeases): Promise<string | undefined> {
  const found = (await shared.list()).filter(({ isProvisioned }) => isProvisioned !== true)
  const id = await leases.takeLongestParked(found.slice(-mostAsked)).catch(() => undefined)
  if (id === undefined) return undefined
  shared.end(id)
  quietly(leases.forget(id))
  return id
}

function quietly(work: Promise<unknown>): void {
  void work.catch(() => undefined)
}

/** Environments that were preinitialised are parked separately, as functions can tell the difference. */
function parkedKey(key: string, isProvisioned = false): string {
  return isProvisioned ? `${key}:provisioned` : key
}
