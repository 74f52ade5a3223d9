/** A server's right to poll one part of a source, until it expires or another server holds a newer one. */
export interface Lease {
  readonly name: string
  /** Grows with every lease of the name, so that late writes of an older holder are refused. */
  readonly fence: number
}

/** The group of a lease: its name up to the first slash. */
export function groupOf(name: string): string {
  return name.split('/', 1)[0] ?? name
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
  /** Whether a server holds a lease of the group: one whose name begins with it, up to the first slash. */
  isAnyHeld(group: string): Promise<boolean>
}
