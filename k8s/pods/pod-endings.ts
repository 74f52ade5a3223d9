import type { V1Pod } from '@kubernetes/client-node'
import { setTimeout as delay } from 'node:timers/promises'
import { nameOf } from './pod-facts.ts'
import { podState } from './pod-state.ts'

/** Why environments ended, which the cluster reports shortly after their connection closes. */
export interface PodEndings {
  /** The pod has ended or been deleted. */
  ended(pod: V1Pod): void
  /** Whether the pod was OOM-killed; waits a few seconds for its status. */
  ranOutOfMemory(name: string): Promise<boolean>
}

/** A kubelet checks its containers once a second, and more slowly under load. */
const maxWaitMs = 8_000

export function followEndings(find: (name: string) => V1Pod | undefined, waitMs = maxWaitMs): PodEndings {
  const waiting = new Map<string, (pod: V1Pod) => void>()
  return {
    ended: (pod) => waiting.get(nameOf(pod))?.(pod),
    async ranOutOfMemory(name) {
      const seen = find(name)
      if (seen === undefined || podState(seen).kind === 'ended') return isOutOfMemory(seen)
      const ended = new Promise<V1Pod>((resolve) => waiting.set(name, resolve))
      const pod = await Promise.race([ended, delay(waitMs, undefined, { ref: false })])
      waiting.delete(name)
      return isOutOfMemory(pod)
    },
  }
}

function isOutOfMemory(pod: V1Pod | undefined): boolean {
  return pod?.status?.containerStatuses?.[0]?.state?.terminated?.reason === 'OOMKilled'
}
