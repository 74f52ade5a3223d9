import type { EnvironmentSpec } from './driver.ts'

const onDemandMs = 10_000
/** The minimum for an environment that is preinitialised. */
const aheadMs = 130_000
const managedMs = 900_000

/** How long an environment may take for its first initialisation (reference 4.3, 7.3, 11). */
export function initTimeoutOf({ managed, isProvisioned, timeoutMs }: EnvironmentSpec): number {
  if (managed !== undefined) return managedMs
  return isProvisioned === true ? Math.max(aheadMs, timeoutMs) : onDemandMs
}
