import type { V1Pod } from '@kubernetes/client-node'
import type { FoundEnvironment } from '../../api/environments/driver/driver.ts'
import { annotations, labels } from '../cluster/labels.ts'
import type { PodShape } from './pod-shape.ts'
import { podState } from './pod-state.ts'

/** The pod's name, which is its environment's id. */
export function nameOf(pod: V1Pod): string {
  return pod.metadata?.name ?? ''
}

/** Whether it is labelled with a function. */
export function isAssigned(pod: V1Pod): boolean {
  return pod.metadata?.labels?.[labels.function] !== undefined
}

/** The pod's shape; undefined when its annotation is not a valid shape. */
export function shapeOfPod(pod: V1Pod): PodShape | undefined {
  try {
    const shape = JSON.parse(pod.metadata?.annotations?.[annotations.shape] ?? '') as Partial<PodShape> | null
    const { namespace, image, family, architecture, memoryMb, temporaryMb, tolerations, pullSecrets } = shape ?? {}
    const isShape =
      [namespace, image, family, architecture].every((text) => typeof text === 'string') &&
      [memoryMb, temporaryMb].every((size) => typeof size === 'number') &&
      Array.isArray(tolerations) &&
      Array.isArray(pullSecrets)
    return isShape ? (shape as PodShape) : undefined
  } catch {
    return undefined
  }
}

/** Whether a timestamp of the cluster is older than this by the local clock. */
export function isLongAgo(time: Date | undefined, ageMs: number): boolean {
  return time !== undefined && Date.now() - new Date(time).getTime() > ageMs
}

/** The name of that shape. */
export function shapeIdOf(pod: V1Pod): string {
  return pod.metadata?.labels?.[labels.shape] ?? ''
}

/** The environment of an assigned, running pod. */
export function foundEnvironment(pod: V1Pod): FoundEnvironment | undefined {
  const annotated = pod.metadata?.annotations ?? {}
  const [functionName, version, key] = [
    annotated[annotations.function],
    annotated[annotations.version],
    annotated[annotations.key],
  ]
  if (functionName === undefined || version === undefined || key === undefined) return undefined
  if (podState(pod).kind !== 'running') return undefined
  const isProvisioned = annotated[annotations.provisioned] === 'true'
  return { id: nameOf(pod), functionName, version, key, ...(isProvisioned ? { isProvisioned } : {}) }
}
