import { LambdaError } from '../../errors.ts'
import type { Claim, Concurrency } from './concurrency.ts'
import type { EnvironmentSpec } from '../driver/driver.ts'
import type { Environment } from '../environment/environment.ts'

/** An environment as far as limits are concerned. */
type Occupied = Pick<Environment, 'isFree' | 'freed' | 'gone'>

/** What invocations of a server take of the limits. */
export interface Claims {
  /** Takes a place for one invocation; a promise only when another server has to be asked. Throws or rejects with Lambda's 429. */
  enter(spec: EnvironmentSpec): Claim | Promise<Claim>
  leave(claim: Claim): void
  /**
   * Takes over an environment of a server that is no more. What it may run counts before anybody can know whether it does, and
   * until it is over. Rejects, having taken nothing, when it cannot be counted or taken over.
   */
  takeOver(spec: EnvironmentSpec, takeOver: () => Promise<Occupied | undefined>): Promise<void>
  /** Resolves when nothing runs. */
  quiet(): Promise<void>
}

export function createClaims(concurrency: Concurrency): Claims {
  let onQuiet: () => void = () => undefined

  function leave(claim: Claim): void {
    concurrency.leave(claim)
    if (concurrency.running() === 0) onQuiet()
  }

  return {
    enter(spec) {
      if (spec.provisioned !== undefined) return enterProvisioned(concurrency, spec)
      const claim = claimOf(spec)
      const entering = concurrency.enter(claim)
      return entering === undefined ? claim : entering.then(() => claim)
    },
    leave,
    async takeOver(spec, takeOver) {
      const claim = foundClaimOf(spec)
      await concurrency.count(claim)
      let environment: Occupied | undefined
      try {
        environment = await takeOver()
      } finally {
        if (environment === undefined || environment.isFree) leave(claim)
        else void Promise.race([environment.freed, environment.gone]).then(() => leave(claim))
      }
    },
    quiet: () => (concurrency.running() === 0 ? Promise.resolve() : new Promise((resolve) => (onQuiet = resolve))),
  }
}

/** What an invocation counts for: the function, or the version alone on a capacity provider (reference 7.5). */
function claimOf(spec: EnvironmentSpec): Claim {
  const { managed, functionName, version } = spec
  if (managed === undefined) return spec
  const { maximum } = managed
  const limit = maximum === undefined ? {} : { reserved: maximum }
  return { functionName: `:${functionName}:${version}`, isOutside: true, ...limit }
}

/** No function has a colon in its name. */
function provisionedClaimOf({ functionName, version, provisioned = 0 }: EnvironmentSpec): Claim {
  return { functionName: `${functionName}:${version}`, reserved: provisioned }
}

/** What is found to run in an environment that is kept initialised has most likely a place of those. */
function foundClaimOf(spec: EnvironmentSpec): Claim {
  return spec.isProvisioned === true && spec.provisioned !== undefined ? provisionedClaimOf(spec) : claimOf(spec)
}

/**
 * Takes a place for an invocation of a version that has provisioned concurrency: one of those, else one as any other version of
 * the function gets (reference 7.3, 7.4). Answers the claim that the place is given back by.
 */
async function enterProvisioned(concurrency: Concurrency, spec: EnvironmentSpec): Promise<Claim> {
  const own = provisionedClaimOf(spec)
  try {
    await concurrency.enter(own)
    return own
  } catch (refusal) {
    if (!(refusal instanceof LambdaError && refusal.status === 429)) throw refusal
    await concurrency.enter(spec)
    return spec
  }
}
