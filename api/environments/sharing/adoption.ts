import { setImmediate as turn } from 'node:timers/promises'
import { isStoreUnavailable } from '../../errors.ts'
import type { Log } from '../../observe/log.ts'
import type { Concurrency } from '../concurrency/concurrency.ts'
import type { EnvironmentSpec, FoundEnvironment, SharedEnvironments } from '../driver/driver.ts'
import type { EnvironmentLeases } from './leases.ts'
import { isKeyOf } from '../scheduling/pools.ts'
import type { Scheduler } from '../scheduling/scheduler.ts'

export interface AdoptionDependencies {
  readonly shared: SharedEnvironments
  readonly scheduler: Pick<Scheduler, 'adopt' | 'holds'>
  readonly concurrency: Pick<Concurrency, 'lookForInherited'>
  /** The current spec of the version; undefined when the version was deleted. */
  readonly specOf: (functionName: string, version: string) => Promise<EnvironmentSpec | undefined>
  readonly leases: EnvironmentLeases
  readonly log: Pick<Log, 'info' | 'warn'>
}

/** Adopts the environments of dead servers; ends those with outdated code or settings. */
export interface Adoption {
  /** Scans all environments once. Calls during a scan share one more scan after it. */
  look(): Promise<void>
  /** Ends parked environments of a function that none of its current versions uses. */
  endStale(functionName: string): Promise<void>
}

/**
 * 1. find    environments that this server does not hold              ../driver/driver.ts
 * 2. claim   those that no living server holds                        leases.ts
 * 3. end     those that no current version uses, parked or not
 * 4. adopt   the others, idle or busy                                 ../scheduling/scheduler.ts
 */
export function createAdoption(dependencies: AdoptionDependencies): Adoption {
  const { shared, scheduler, log } = dependencies
  /** Environments without a recorded holder at the last scan: their server may be about to record itself. */
  let unknown = new Set<string>()

  async function look(): Promise<void> {
    const inheritedAreFree = dependencies.concurrency.lookForInherited()
    const found = (await shared.list()).filter(({ id }) => !scheduler.holds(id))
    const before = unknown
    unknown = new Set()
    let adopted = 0
    await untilAllEnd(
      found.map(async (environment) => {
        const outcome = await adopt(dependencies, environment, before.has(environment.id))
        if (outcome === 'unknown') unknown.add(environment.id)
        if (outcome === 'adopted') adopted++
      }),
    )
    inheritedAreFree()
    if (adopted > 0) log.info(`Adopted ${String(adopted)} environments of dead servers.`)
  }

  async function endStale(functionName: string): Promise<void> {
    const found = (await shared.list()).filter(
      (environment) => environment.functionName === functionName && !scheduler.holds(environment.id),
    )
    await Promise.all(
      found.map(async (environment) => {
        const spec = await dependencies.specOf(functionName, environment.version)
        if (spec === undefined || !isKeyOf(environment.key, spec.key)) await adopt(dependencies, environment, false)
      }),
    )
  }

  return {
    look: coalesce(look),
    endStale,
  }
}

/** Waits for all, then rejects with the first failure. */
async function untilAllEnd(all: readonly Promise<void>[]): Promise<void> {
  await Promise.allSettled(all)
  await Promise.all(all)
}

/** Runs one at a time; calls meanwhile share the next run. */
function coalesce(work: () => Promise<void>): () => Promise<void> {
  let [current, next]: [Promise<void>?, Promise<void>?] = []
  const begin = (): Promise<void> => {
    next = undefined
    current = work().finally(() => (current = undefined))
    return current
  }
  return () => {
    if (next !== undefined) return next
    if (current === undefined) return begin()
    next = current.catch(() => undefined).then(begin)
    return next
  }
}

async function adopt(
  { shared, scheduler, specOf, leases, log }: AdoptionDependencies,
  { id, functionName, version, key, isProvisioned }: FoundEnvironment,
  isUnknownFree: boolean,
): Promise<'adopted' | 'ended' | 'held' | 'unknown'> {
  const current = await specOf(functionName, version)
  const kept = { key, ...(isProvisioned === true ? { isProvisioned } : {}) }
  const spec = current !== undefined && isKeyOf(key, current.key) ? { ...current, ...kept } : undefined
  const claim = await leases.claim(id, { isUnknownFree, isParkedFree: spec === undefined })
  if (claim !== 'claimed') return claim
  // The claim may have succeeded because this server has just taken it over for an invocation.
  await turn()
  if (scheduler.holds(id)) return 'held'
  try {
    if (spec !== undefined) {
      await scheduler.adopt(spec, async () => shared.takeOver(id, spec, await leases.nextToken()))
      return 'adopted'
    }
  } catch (cause) {
    // The next scan retries when the store is unavailable.
    if (isStoreUnavailable(cause)) throw cause
    log.warn(`The environment ${id} of ${functionName} could not be adopted and was ended: ${String(cause)}`)
  }
  shared.end(id)
  await leases.forget(id)
  return 'ended'
}
