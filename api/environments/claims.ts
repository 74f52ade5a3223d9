import { LambdaError } from '../errors.ts'
import type { Claim, Concurrency } from './concurrency.ts'
import type { EnvironmentSpec } from './driver.ts'
import type { Environment } from './environment.ts'

/** What an invocation counts for: the function, or the version alone on a capacity provider (reference 7.5). */
export function claimOf(spec: EnvironmentSpec): Claim {
  const { managed, functionName, version } = spec
  if (managed === undefined) return spec
  const { maximum } = managed
  const limit = maximum === undefined ? {} : { reserved: maximum }
  return { functionName: `:${functionName}:${version}`, isOutside: true, ...limit }
}

/**
 * Takes a place for an invocation of a version that has provisioned concurrency: one of those, else one as any other version of
 * the function gets (reference 7.3, 7.4). Answers the claim that the place is given back by.
 */
export async function enterProvisioned(concurrency: Concurrency, spec: EnvironmentSpec): Promise<Claim> {
  const { functionName, version, provisioned = 0 } = spec
  // No function has a colon in its name.
  const own: Claim = { functionName: `${functionName}:${version}`, reserved: provisioned }
  try {
    await concurrency.enter(own)
    return own
  } catch (refusal) {
    if (!(refusal instanceof LambdaError && refusal.status === 429)) throw refusal
    await concurrency.enter(spec)
    return spec
  }
}

/** What an environment was found to run counts until it is over. Its place passed to this server, or is one too many. */
export async function countFound(concurrency: Concurrency, claim: Claim, environment: Environment): Promise<void> {
  try {
    await concurrency.enter(claim)
  } catch {
    return
  }
  await Promise.race([environment.freed, environment.gone])
  concurrency.leave(claim)
}
