import type { SharedEnvironments } from '../driver/driver.ts'
import type { EnvironmentLeases } from './leases.ts'

export interface LeaseSweepDependencies {
  readonly shared: Pick<SharedEnvironments, 'exists'>
  readonly leases: Pick<EnvironmentLeases, 'known' | 'forgetGone'>
}

/**
 * Answers a sweep that forgets environments which ended while nobody held them, parked ones above all. Who is seen to be
 * missing by two sweeps in a row is gone: what this server sees of the others' new ones may lag behind.
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
