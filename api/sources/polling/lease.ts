/** A server's right to poll one part of a source, until it expires or another server holds a newer one. */
export interface Lease {
  readonly name: string
  /** Grows with every lease of the name, so that late writes of an older holder are refused. */
  readonly fence: number
}

/**
 * Distributes polling among servers. Every implementation passes `lease.contract.ts`: of all servers, one holds a name at a
 * time. A lease that is not renewed in time is free for others, and `renew` reports the loss to its holder. Fences of a name
 * only grow, also across restarts.
 */
export interface Leases {
  /** Undefined when another server holds it. */
  acquire(name: string, ttlMs: number): Promise<Lease | undefined>
  /** False when the lease has expired: its holder must stop. */
  renew(lease: Lease, ttlMs: number): Promise<boolean>
  /** Frees the name at once. An expired lease is ignored. */
  release(lease: Lease): Promise<void>
}
