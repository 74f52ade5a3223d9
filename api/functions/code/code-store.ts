import { createHash } from 'node:crypto'

/**
 * Where the packages of functions and layers are kept, under their content's hash (base64 SHA-256, as AWS prints it).
 * Promises: what `put` answered survives the death of any process; nothing half-written is ever found.
 */
export interface CodeStore {
  put(sha256: string, zip: Uint8Array): Promise<void>
  read(sha256: string): Promise<Uint8Array | undefined>
  /** Unpacks the archive once and answers the folder; later calls answer the same folder at once. */
  unpacked(sha256: string): Promise<string>
  /** The same of several archives laid over each other, the last on top: what environments see as `/opt`. */
  unpackedStack(sha256s: readonly string[]): Promise<string>
  /**
   * Drops every archive and folder whose hash has not been in use for an hour by the sweeps of this process; an archive that
   * several servers share after a week, and not while nothing at all is in use.
   */
  sweep(inUse: ReadonlySet<string>): Promise<void>
}

/** The hash that stands for several packages laid over each other in this order; one alone is itself. */
export function layerStackSha256(sha256s: readonly string[]): string {
  const [first = ''] = sha256s
  return sha256s.length === 1 ? first : createHash('sha256').update(sha256s.join()).digest('base64')
}
