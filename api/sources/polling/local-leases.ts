import { groupOf, type Lease, type Leases } from './lease.ts'

/** Leases of a server that runs alone. Fences grow across restarts with the clock. */
export function createLocalLeases(now: () => number): Leases {
  const held = new Map<string, { readonly fence: number; readonly endMs: number }>()
  let lastFence = 0
  const isHeld = ({ name, fence }: Lease) => held.get(name)?.fence === fence && (held.get(name)?.endMs ?? 0) > now()
  return {
    acquire: (name, ttlMs) => {
      if ((held.get(name)?.endMs ?? 0) > now()) return Promise.resolve(undefined)
      lastFence = Math.max(lastFence + 1, now())
      held.set(name, { fence: lastFence, endMs: now() + ttlMs })
      return Promise.resolve({ name, fence: lastFence })
    },
    renew: (lease, ttlMs) => {
      const isMine = isHeld(lease)
      if (isMine) held.set(lease.name, { fence: lease.fence, endMs: now() + ttlMs })
      return Promise.resolve(isMine)
    },
    release: (lease) => {
      if (isHeld(lease)) held.delete(lease.name)
      return Promise.resolve()
    },
    isAnyHeld: (group) =>
      Promise.resolve([...held].some(([name, { endMs }]) => groupOf(name) === group && endMs > now())),
  }
}
