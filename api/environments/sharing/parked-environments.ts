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

/** At most so many are looked at for one that is to end. */
const mostAsked = 1_000
/** Who asked in vain asks no more for so long, ms. */
const inVainMs = 1_000
/** Who could not reach a parked environment for so long starts one rather than to try the next, which may be on the same lost node. */
const patienceMs = 1_000
/** What the store did not answer is said again this often. */
const againMs = 1_000

export function createSharing({ shared, leases, log }: SharingDependencies): Sharing {
  /** Keys that nobody had a free environment of, by when that was. */
  const inVain = new Map<string, number>()
  const { takeOne, isTaking } = takeParkedOnes({ shared, leases, log })
  const { hold, isUnsaid, forget } = sayWhatIsHeld(leases)

  async function takeEither(spec: EnvironmentSpec): Promise<Launched | undefined> {
    return (await takeOne({ ...spec, isProvisioned: true })) ?? (await takeOne(spec))
  }

  async function takeWanted(spec: EnvironmentSpec): Promise<Launched | undefined> {
    if (performance.now() - (inVain.get(spec.key) ?? -Infinity) < inVainMs) return undefined
    for (;;) {
      const isParked = await leases.want(spec.key).catch(() => false)
      const taken = await takeEither(spec)
      if (taken !== undefined) return taken
      // Somebody else took what was left: there may be another one.
      if (isParked) continue
      inVain.set(spec.key, performance.now())
      return undefined
    }
  }

  /** Whether it waits for whoever needs it. */
  async function park(pool: Pool, environment: Environment, key: string): Promise<boolean> {
    const under = parkedKey(key, pool.ahead.has(environment))
    const { id } = environment.launched
    // What is still to be said would take it back.
    const isParked = isUnsaid(id) ? false : await leases.park(id, under).catch(() => undefined)
    if (isParked === true) environment.release()
    else if (environment.isFree) pool.offer(environment)
    // Without an answer it may be parked, or be in a moment.
    if (isParked === undefined && environment.isFree) hold(id)
    return isParked === true
  }

  return {
    async takeParked(spec) {
      // What is to be kept must have been initialised ahead; an invocation may run in either.
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

/** Takes environments that wait for whoever needs them, and knows which it is taking just now. */
function takeParkedOnes({ shared, leases, log }: SharingDependencies) {
  const taking = new Set<string>()

  async function takeOver(id: string, spec: EnvironmentSpec): Promise<Launched | undefined> {
    taking.add(id)
    try {
      return await shared.takeOver(id, spec, await leases.nextToken())
    } catch (cause) {
      log.warn(`The parked environment ${id} of ${spec.functionName} cannot be reached and is ended: ${String(cause)}`)
      shared.end(id)
      quietly(leases.forget(id))
      return undefined
    } finally {
      // The caller has it in its pool by then.
      setImmediate(() => taking.delete(id))
    }
  }

  return {
    takeOne: async (spec: EnvironmentSpec): Promise<Launched | undefined> => {
      const endMs = performance.now() + patienceMs
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

/** Says whose environments are, again until the store has answered: what nobody holds others take for a dead server's. */
function sayWhatIsHeld(leases: EnvironmentLeases) {
  const unsaid = new Set<string>()

  async function say(id: string): Promise<void> {
    try {
      await leases.hold(id)
      unsaid.delete(id)
    } catch {
      if (unsaid.has(id)) setTimeout(() => void say(id), againMs).unref()
    }
  }

  return {
    hold: (id: string): void => {
      if (!unsaid.has(id)) void say(id)
      unsaid.add(id)
    },
    isUnsaid: (id: string): boolean => unsaid.has(id),
    forget: (id: string): void => {
      unsaid.delete(id)
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

/** Those that were initialised ahead wait apart: functions are told which they are. */
function parkedKey(key: string, isProvisioned = false): string {
  return isProvisioned ? `${key}:provisioned` : key
}
