import { setTimeout as delay } from 'node:timers/promises'
import { ClusterFault } from '../cluster/cluster-fault.ts'
import type { Cluster } from '../cluster/cluster.ts'

/** Deletes pods reliably, however slow the API server is. */
export interface PodRemoval {
  end(name: string, namespace: string): void
  /** Another client has deleted the pod. */
  deleted(name: string): void
  /**
   * All containers have stopped. A pod marked for deletion is then deleted without a grace period: a kubelet may take more than
   * 10 s to confirm, and the pod counts against quotas until then.
   */
  stopped(name: string, namespace: string): void
  /** Whether the pod is being deleted. */
  isEnding(name: string): boolean
  /** The pod is gone. */
  gone(name: string): void
  /** Resolves when all deletions are done, or at a short deadline. */
  settled(): Promise<void>
}

/** Extensions have 2 s to end; a supervisor without them ends at once. */
const graceSeconds = 3
const initialBackoffMs = 200
const maxBackoffMs = 5_000
const settleMs = 3_000

/** Deletes pods with retries; a permanent refusal is logged once. */
export function removePods(cluster: Pick<Cluster, 'remove'>, warn: (line: string) => void): PodRemoval {
  const ending = new Map<string, Promise<void>>()
  const forced = new Set<string>()

  async function remove(name: string, namespace: string): Promise<void> {
    for (let backoffMs = initialBackoffMs; ending.has(name); backoffMs = Math.min(maxBackoffMs, backoffMs * 2)) {
      try {
        await cluster.remove(namespace, name, graceSeconds)
        return
      } catch (fault) {
        const kind = fault instanceof ClusterFault ? fault.kind : undefined
        if (kind === 'forbidden' || kind === 'invalid') {
          warn(`The pod ${name} is left behind: ${(fault as Error).message}`)
          return
        }
      }
      await delay(backoffMs, undefined, { ref: false })
    }
  }

  return {
    end(name, namespace) {
      if (ending.has(name)) return
      ending.set(name, Promise.resolve())
      ending.set(name, remove(name, namespace))
    },
    deleted(name) {
      if (!ending.has(name)) ending.set(name, Promise.resolve())
    },
    stopped(name, namespace) {
      if (!ending.has(name) || forced.has(name)) return
      forced.add(name)
      // On failure the kubelet completes the deletion later.
      cluster.remove(namespace, name, 0).catch(() => undefined)
    },
    isEnding: (name) => ending.has(name),
    gone(name) {
      ending.delete(name)
      forced.delete(name)
    },
    async settled() {
      await Promise.race([Promise.all(ending.values()), delay(settleMs, undefined, { ref: false })])
    },
  }
}
