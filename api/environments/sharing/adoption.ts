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
  /** What an environment of the version must be now; undefined when there is no such version any more. */
  readonly specOf: (functionName: string, version: string) => Promise<EnvironmentSpec | undefined>
  readonly leases: EnvironmentLeases
  readonly log: Pick<Log, 'info' | 'warn'>
}

/** Goes on with the environments of servers that are no more; those of other code or settings than the current are ended. */
export interface Adoption {
  /** Looks through all environments once; calls while it looks wait for one more look behind it. */
  look(): Promise<void>
  /** Ends environments of a function that wait for whoever needs them, and that no version as it is now would use. */
  endStale(functionName: string): Promise<void>
}

/**
 * 1. find    environments that this server does not hold              driver.ts
 * 2. claim   those that no living server holds                        leases.ts
 * 3. end     what no version as it is now would use, parked or not
 * 4. take    the others over, idle or busy                            scheduler.ts
 */
export function createAdoption(dependencies: AdoptionDependencies): Adoption {
  const { shared, scheduler, log } = dependencies
  /** Of these nobody had said whose they are at the last look: their server may be about to. */
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
    if (adopted > 0) log.info(`Goes on with ${String(adopted)} environments of servers that are no more.`)
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
    look: oneBehindAnother(look),
    endStale,
  }
}

/** Rejects with the first that failed, once nothing is under way any more. */
async function untilAllEnd(all: readonly Promise<void>[]): Promise<void> {
  await Promise.allSettled(all)
  await Promise.all(all)
}

/** One at a time, and of those that are asked for meanwhile one behind it. */
function oneBehindAnother(work: () => Promise<void>): () => Promise<void> {
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
  // It may have been claimed because this server took it for an invocation just now.
  await turn()
  if (scheduler.holds(id)) return 'held'
  try {
    if (spec !== undefined) {
      await scheduler.adopt(spec, async () => shared.takeOver(id, spec, await leases.nextToken()))
      return 'adopted'
    }
  } catch (cause) {
    // What the store cannot be told now is by the next look.
    if (isStoreUnavailable(cause)) throw cause
    log.warn(`The environment ${id} of ${functionName} could not be taken over and is ended: ${String(cause)}`)
  }
  shared.end(id)
  await leases.forget(id)
  return 'ended'
}
