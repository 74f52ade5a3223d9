import { LambdaError } from '../../errors.ts'
import type { ConcurrencyScope, Concurrency } from './concurrency.ts'
import type { EnvironmentSpec } from '../driver/driver.ts'
import type { Environment } from '../environment/environment.ts'

/** An environment as far as limits are concerned. */
type Occupied = Pick<Environment, 'isFree' | 'freed' | 'gone'>

/** What invocations of a server take of the limits. */
export interface Admission {
  /** Takes a place for one invocation; a promise only when another server has to be asked. Throws or rejects with Lambda's 429. */
  enter(spec: EnvironmentSpec): ConcurrencyScope | Promise<ConcurrencyScope>
  leave(scope: ConcurrencyScope): void
  /**
   * Takes over an environment of a server that is no more. What it may run counts before anybody can know whether it does, and
   * until it is over. Rejects, having taken nothing, when it cannot be counted or taken over.
   */
  takeOver(spec: EnvironmentSpec, takeOver: () => Promise<Occupied | undefined>): Promise<void>
  /** Resolves when nothing runs. */
  quiet(): Promise<void>
}

export function createAdmission(concurrency: Concurrency): Admission {
  let onQuiet: () => void = () => undefined

  function leave(scope: ConcurrencyScope): void {
    concurrency.leave(scope)
    if (concurrency.running() === 0) onQuiet()
  }

  return {
    enter(spec) {
      if (spec.provisioned !== undefined) return enterProvisioned(concurrency, spec)
      const scope = scopeOf(spec)
      const entering = concurrency.enter(scope)
      return entering === undefined ? scope : entering.then(() => scope)
    },
    leave,
    async takeOver(spec, takeOver) {
      const scope = adoptedScopeOf(spec)
      await concurrency.count(scope)
      let environment: Occupied | undefined
      try {
        environment = await takeOver()
      } finally {
        if (environment === undefined || environment.isFree) leave(scope)
        else void Promise.race([environment.freed, environment.gone]).then(() => leave(scope))
      }
    },
    quiet: () => (concurrency.running() === 0 ? Promise.resolve() : new Promise((resolve) => (onQuiet = resolve))),
  }
}

/** What an invocation counts for: the function, or the version alone on a capacity provider (reference 7.5). */
function scopeOf(spec: EnvironmentSpec): ConcurrencyScope {
  const { managed, functionName, version } = spec
  if (managed === undefined) return spec
  const { maximum } = managed
  const limit = maximum === undefined ? {} : { reserved: maximum }
  return { functionName: `:${functionName}:${version}`, isOutside: true, ...limit }
}

/** No function has a colon in its name. */
function provisionedScopeOf({ functionName, version, provisioned = 0 }: EnvironmentSpec): ConcurrencyScope {
  return { functionName: `${functionName}:${version}`, reserved: provisioned }
}

/** What is found to run in an environment that is kept initialised has most likely a place of those. */
function adoptedScopeOf(spec: EnvironmentSpec): ConcurrencyScope {
  return spec.isProvisioned === true && spec.provisioned !== undefined ? provisionedScopeOf(spec) : scopeOf(spec)
}

/**
 * Takes a place for an invocation of a version that has provisioned concurrency: one of those, else one as any other version of
 * the function gets (reference 7.3, 7.4). Answers the scope that the place is given back by.
 */
async function enterProvisioned(concurrency: Concurrency, spec: EnvironmentSpec): Promise<ConcurrencyScope> {
  const own = provisionedScopeOf(spec)
  try {
    await concurrency.enter(own)
    return own
  } catch (refusal) {
    if (!(refusal instanceof LambdaError && refusal.status === 429)) throw refusal
    await concurrency.enter(spec)
    return spec
  }
}
