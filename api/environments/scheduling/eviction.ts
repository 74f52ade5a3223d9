import type { Sharing } from './sharing.ts'
import type { Pools } from './pools.ts'

/**
 * Ends the environment that nobody has asked for longest, of this server's own that are free since before the given time, or else
 * of those that wait for any server: a launch needs its room. Answers its id, if there is one.
 */
export async function evictIdle(
  pools: Pools,
  sharing: Sharing | undefined,
  freeSinceMs: number,
): Promise<string | undefined> {
  return pools.stopLongestFree(freeSinceMs) ?? sharing?.endLongestParked()
}
