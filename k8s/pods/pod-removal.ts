import { setTimeout as delay } from 'node:timers/promises'
import { ClusterFault } from '../cluster/cluster-fault.ts'
import type { Cluster } from '../cluster/cluster.ts'

/** Sees to it that pods go, however long the API server takes to answer. */
export interface PodRemoval {
  end(name: string, namespace: string): void
  /** Somebody else has deleted the pod: it is to go. */
  deleted(name: string): void
  /**
   * Nothing of the pod runs any more. If it is to go its object does at once: a kubelet may take 10 s and more to say that it is
   * done, and the pod counts for quotas until then.
   */
  stopped(name: string, namespace: string): void
  /** Whether the pod is to go. */
  isEnding(name: string): boolean
  /** The pod is gone. */
  gone(name: string): void
  /** Resolves when all that was asked for is done, or a short deadline is over. */
  settled(): Promise<void>
}

/** Extensions have 2 s to end; a supervisor without them ends at once. */
const graceSeconds = 3
const firstPauseMs = 200
const longestPauseMs = 5_000
const settleMs = 3_000

/** Deletes pods, again and again until the cluster took it; what it refuses for good is said once. */
export function removePods(cluster: Pick<Cluster, 'remove'>, warn: (line: string) => void): PodRemoval {
  const ending = new Map<string, Promise<void>>()
  const forced = new Set<string>()

  async function remove(name: string, namespace: string): Promise<void> {
    for (let pauseMs = firstPauseMs; ending.has(name); pauseMs = Math.min(longestPauseMs, pauseMs * 2)) {
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
      await delay(pauseMs, undefined, { ref: false })
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
      // What it does not do now the kubelet does later.
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
