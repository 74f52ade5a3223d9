import type { SharedEnvironments } from '../driver/driver.ts'
import type { EnvironmentLeases } from './leases.ts'

export interface LeaseSweepDependencies {
  readonly shared: Pick<SharedEnvironments, 'exists'>
  readonly leases: Pick<EnvironmentLeases, 'known' | 'forgetGone'>
}

/**
 * Returns a sweep that forgets environments which ended while no server held them, above all parked ones. An environment is gone
 * when two consecutive sweeps do not find it: this server may see the new ones of others late.
 */
export function createLeaseSweep({ shared, leases }: LeaseSweepDependencies): () => Promise<void> {
  let missing = new Set<string>()
  return async () => {
    const now = (await leases.known()).filter((id) => !shared.exists(id))
    const gone = now.filter((id) => missing.has(id))
    missing = new Set(now)
    if (gone.length > 0) await leases.forgetGone(gone)
  }
}
