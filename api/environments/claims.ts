import { LambdaError } from '../errors.ts'
import type { Claim, Concurrency } from './concurrency.ts'
import type { EnvironmentSpec } from './driver.ts'

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
