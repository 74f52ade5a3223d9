import type { V1Pod } from '@kubernetes/client-node'
import type { FoundEnvironment } from '../api/environments/driver.ts'
import { annotations, labels } from './labels.ts'
import type { PodShape } from './pod-shape.ts'
import { podState } from './pod-state.ts'

/** The pod's name, which is its environment's id. */
export function nameOf(pod: V1Pod): string {
  return pod.metadata?.name ?? ''
}

/** Whether its labels say that it is a function's own. */
export function isAssigned(pod: V1Pod): boolean {
  return pod.metadata?.labels?.[labels.function] !== undefined
}

/** The shape it was made by; one that fits nothing when the annotation is gone. */
export function shapeOfPod(pod: V1Pod): PodShape {
  return JSON.parse(pod.metadata?.annotations?.[annotations.shape] ?? '{}') as PodShape
}

/** The name of that shape. */
export function shapeIdOf(pod: V1Pod): string {
  return pod.metadata?.labels?.[labels.shape] ?? ''
}

/** What an assigned pod says about its environment, if it runs. */
export function foundEnvironment(pod: V1Pod): FoundEnvironment | undefined {
  const kept = pod.metadata?.annotations ?? {}
  const [functionName, version, key] = [kept[annotations.function], kept[annotations.version], kept[annotations.key]]
  if (functionName === undefined || version === undefined || key === undefined) return undefined
  if (podState(pod).kind !== 'running') return undefined
  const isProvisioned = kept[annotations.provisioned] === 'true'
  return { id: nameOf(pod), functionName, version, key, ...(isProvisioned ? { isProvisioned } : {}) }
}
