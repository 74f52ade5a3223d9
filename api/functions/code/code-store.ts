import { createHash } from 'node:crypto'
import type { CodeHolds } from './code-holds.ts'

/**
 * Stores the packages of functions and layers under the hash of their content (base64 SHA-256, as AWS prints it). An
 * acknowledged `put` survives the death of any process; partial packages are never visible.
 */
export interface CodeStore {
  put(sha256: string, zip: Uint8Array): Promise<void>
  read(sha256: string): Promise<Uint8Array | undefined>
  /** Unpacks the archive once and returns the folder; later calls return the same folder at once. */
  unpacked(sha256: string): Promise<string>
  /** The same for several archives overlaid in order, the last on top: the content of `/opt`. */
  unpackedStack(sha256s: readonly string[]): Promise<string>
  /**
   * Removes every archive and folder whose hash has not been in use for two minutes of sweeps by this process, and is not held now.
   * Archives that were unused already when this process began are removed after an hour, those that several servers share after a
   * week, and never while nothing at all is in use. Resolves with the milliseconds until the next one may be removed, or undefined.
   */
  sweep(inUse: ReadonlySet<string>, holds?: Pick<CodeHolds, 'has'>): Promise<number | undefined>
}

/** The hash of several packages overlaid in this order; a single one has its own hash. */
export function layerStackSha256(sha256s: readonly string[]): string {
  const [first = ''] = sha256s
  return sha256s.length === 1 ? first : createHash('sha256').update(sha256s.join()).digest('base64')
}
