import type { V1Pod } from '@kubernetes/client-node'
import { setTimeout as delay } from 'node:timers/promises'
import type { FunctionEnding } from '../../api/environments/driver/driver.ts'
import { nameOf } from './pod-facts.ts'
import { podState } from './pod-state.ts'

/** Why environments ended, which the cluster reports shortly after their connection closes. */
export interface PodEndings {
  /** The pod has ended or been deleted. */
  ended(pod: V1Pod): void
  /** How the pod's function ended it, if it did; waits a few seconds for the pod's status. */
  byFunction(name: string): Promise<FunctionEnding | undefined>
}

/** A kubelet checks its containers once a second, and more slowly under load. */
const maxWaitMs = 8_000

export function followEndings(find: (name: string) => V1Pod | undefined, waitMs = maxWaitMs): PodEndings {
  const waiting = new Map<string, (pod: V1Pod) => void>()
  return {
    ended: (pod) => waiting.get(nameOf(pod))?.(pod),
    async byFunction(name) {
      const seen = find(name)
      if (seen === undefined || podState(seen).kind === 'ended') return endingOf(seen)
      const ended = new Promise<V1Pod>((resolve) => waiting.set(name, resolve))
      const pod = await Promise.race([ended, delay(waitMs, undefined, { ref: false })])
      waiting.delete(name)
      return endingOf(pod)
    },
  }
}

/** What a kubelet reports of a pod that exceeded a size of its own, not of a node that is short of storage. */
const exceededOwnSize = /exceed(?:s|ed) (?:the (?:total )?limit|its local ephemeral storage limit)/

/**
 * A function can fill its volumes and signal its supervisor, though not with SIGKILL. A pod that is deleted or evicted gets SIGTERM,
 * too, and its status says so.
 */
function endingOf(pod: V1Pod | undefined): FunctionEnding | undefined {
  const { reason, message = '', containerStatuses } = pod?.status ?? {}
  const terminated = containerStatuses?.[0]?.state?.terminated
  if (terminated?.reason === 'OOMKilled') return 'out-of-memory'
  if (reason === 'Evicted' && exceededOwnSize.test(message)) return 'out-of-storage'
  if (reason !== undefined || pod?.metadata?.deletionTimestamp !== undefined) return undefined
  // A supervisor that gets SIGTERM ends in order.
  return terminated?.exitCode === 0 ? 'terminated' : undefined
}
