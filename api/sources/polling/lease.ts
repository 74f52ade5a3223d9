/** A server's right to poll one part of a source, until it ends or another server holds a newer one. */
export interface Lease {
  readonly name: string
  /** Grows with every lease of the name, so that what an older holder still writes is known as such. */
  readonly fence: number
}

/**
 * Divides the polling between servers. Promises that every implementation passes in `lease.contract.ts`: of all servers, one
 * holds a name at a time; a lease that is not renewed for its time is free for others, and its holder is told so by `renew`;
 * fences of a name only grow, also over restarts.
 */
export interface Leases {
  /** Nothing when another holder has it. */
  acquire(name: string, ttlMs: number): Promise<Lease | undefined>
  /** False when the lease is over: its holder must stop. */
  renew(lease: Lease, ttlMs: number): Promise<boolean>
  /** Frees the name at once; a lease that is over already is left alone. */
  release(lease: Lease): Promise<void>
}
