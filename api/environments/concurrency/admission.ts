import { LambdaError } from '../../errors.ts'
import type { ConcurrencyScope, Concurrency } from './concurrency.ts'
import type { EnvironmentSpec } from '../driver/driver.ts'
import type { Environment } from '../environment/environment.ts'

/** What admission needs of an environment. */
type Occupied = Pick<Environment, 'isFree' | 'freed' | 'gone'>

/** Admits invocations of this server within the concurrency limits. */
export interface Admission {
  /** Acquires a permit for one invocation; returns a promise only when the ledger is needed. Throws or rejects with Lambda's 429. */
  enter(spec: EnvironmentSpec): ConcurrencyScope | Promise<ConcurrencyScope>
  leave(scope: ConcurrencyScope): void
  /**
   * Takes over an environment of a dead server. It counts as running an invocation until it is known to be idle. Rejects,
   * with nothing acquired, when it cannot be counted or taken over.
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

/** An invocation counts towards the function, or towards the version on a capacity provider (reference 7.5). */
function scopeOf(spec: EnvironmentSpec): ConcurrencyScope {
  const { managed, functionName, version } = spec
  if (managed === undefined) return spec
  const { maximum } = managed
  const limit = maximum === undefined ? {} : { reserved: maximum }
  return { functionName: `:${functionName}:${version}`, isOutside: true, ...limit }
}

/** The colon keeps the name distinct from those of functions. */
function provisionedScopeOf({ functionName, version, provisioned = 0 }: EnvironmentSpec): ConcurrencyScope {
  return { functionName: `${functionName}:${version}`, reserved: provisioned }
}

/** An invocation found in a provisioned environment most likely uses provisioned concurrency. */
function adoptedScopeOf(spec: EnvironmentSpec): ConcurrencyScope {
  return spec.isProvisioned === true && spec.provisioned !== undefined ? provisionedScopeOf(spec) : scopeOf(spec)
}

/**
 * Acquires a permit for an invocation of a version with provisioned concurrency: a provisioned one, else one like any other
 * version of the function (reference 7.3, 7.4). Returns the scope with which to release it.
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
