import type { Sharing } from './sharing.ts'
import type { Pools } from './pools.ts'

/**
 * Ends the longest-idle environment to free capacity for a launch: one of this server that has been free since before the given
 * time, else a parked one. Returns its id, if there is one.
 */
export async function evictIdle(
  pools: Pools,
  sharing: Sharing | undefined,
  freeSinceMs: number,
): Promise<string | undefined> {
  return pools.stopLongestFree(freeSinceMs) ?? sharing?.endLongestParked()
}
