import type { V1ContainerStatus, V1Pod } from '@kubernetes/client-node'
import { CapacityExhausted, RuntimeUnavailable } from '../../api/environments/driver/driver.ts'

/** The state of a pod, from its environment's point of view. */
export type PodState =
  | { readonly kind: 'running'; readonly address: string }
  | { readonly kind: 'starting' }
  /** No node can take it now; this may change by itself. */
  | { readonly kind: 'unschedulable'; readonly reason: string }
  /** Cannot start. If `isCertain`, no other pod of the shape could; else the node may be the cause, or the fault is temporary. */
  | {
      readonly kind: 'broken'
      readonly cause: 'image' | 'container'
      readonly reason: string
      readonly isCertain: boolean
    }
  | { readonly kind: 'ended'; readonly reason: string }

/** Reasons that hold on every node. */
const certainReasons = new Set(['InvalidImageName', 'ErrImageNeverPull'])
const imageReasons = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'InvalidImageName',
  'ErrImageNeverPull',
  'RegistryUnavailable',
  'ImageInspectError',
])
const containerReasons = new Set([
  'CreateContainerConfigError',
  'CreateContainerError',
  'RunContainerError',
  'CrashLoopBackOff',
])

/** Reads a pod's status. */
export function podState(pod: V1Pod): PodState {
  const { status, metadata } = pod
  const [container] = status?.containerStatuses ?? []
  const all = [...(status?.initContainerStatuses ?? []), ...(container === undefined ? [] : [container])]
  if (metadata?.deletionTimestamp !== undefined)
    return { kind: 'ended', reason: endReason(pod, container, 'it was deleted') }
  if (status?.phase === 'Failed' || status?.phase === 'Succeeded' || container?.state?.terminated !== undefined) {
    return { kind: 'ended', reason: endReason(pod, container, `its pod is ${status?.phase ?? 'gone'}`) }
  }
  const broken = all.map(brokenState).find((state) => state !== undefined)
  if (broken !== undefined) return broken
  if (container?.state?.running !== undefined && status?.podIP !== undefined) {
    return { kind: 'running', address: status.podIP }
  }
  const scheduled = status?.conditions?.find(({ type }) => type === 'PodScheduled')
  if (scheduled?.status === 'False' && scheduled.reason === 'Unschedulable') {
    return { kind: 'unschedulable', reason: scheduled.message ?? 'no node takes it' }
  }
  return { kind: 'starting' }
}

/** Whether the status shows that the environment did not end on request. */
export function hasFailed({ status }: V1Pod): boolean {
  return status?.reason !== undefined || (status?.containerStatuses?.[0]?.state?.terminated?.exitCode ?? 0) !== 0
}

/** The error of a pod that cannot start. */
export function brokenFault(cause: 'image' | 'container', reason: string): Error {
  if (cause === 'container') return new Error(`The pod cannot start: ${reason}`)
  return new RuntimeUnavailable(`The image cannot be pulled: set KUBELAMBDA_IMAGES, or make it available (${reason})`)
}

/** The error of a starting pod that is gone. A kubelet rejects a pod (`OutOf…`) while an earlier one still ends on its node. */
export function lostFault({ metadata, status }: V1Pod, reason: string): Error {
  const name = metadata?.name ?? ''
  if (status?.reason?.startsWith('OutOf') === true)
    return new CapacityExhausted(`No node has capacity for ${name}: ${reason}`)
  return new Error(`The pod ${name} did not start: ${reason}`)
}

/**
 * Whether its node reports that no container of the pod runs. A container that vanishes before its kubelet sees it end is reported as
 * waiting, in a failed pod; an evicted pod has failed while its containers still run.
 */
export function hasStopped({ status }: V1Pod): boolean {
  const containers = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])]
  const states = containers.map(({ state }) => state)
  const isOver = status?.phase === 'Failed' || status?.phase === 'Succeeded'
  if (isOver) return states.every((state) => state?.running === undefined)
  return states.length > 0 && states.every((state) => state?.terminated !== undefined)
}

function brokenState({ state, image }: V1ContainerStatus): PodState | undefined {
  const waiting = state?.waiting
  const reason = waiting?.reason
  if (reason === undefined) return undefined
  const text = `${image}: ${reason}${waiting?.message === undefined ? '' : `: ${waiting.message}`}`
  const isCertain = certainReasons.has(reason)
  if (imageReasons.has(reason)) return { kind: 'broken', cause: 'image', reason: text, isCertain }
  return containerReasons.has(reason) ? { kind: 'broken', cause: 'container', reason: text, isCertain } : undefined
}

function endReason({ status }: V1Pod, container: V1ContainerStatus | undefined, fallback: string): string {
  const terminated = container?.state?.terminated
  if (terminated?.reason === 'OOMKilled') {
    return 'it ran out of memory: raise the memory size of the function, or KUBELAMBDA_OVERHEAD_MB'
  }
  if (status?.reason === 'Evicted') return `it was evicted: ${status.message ?? 'its node is short of something'}`
  if (status?.reason === 'NodeLost') return 'its node was lost'
  const text = [status?.reason, status?.message].filter((part) => part !== undefined).join(': ')
  if (text !== '') return text
  if (terminated !== undefined && terminated.exitCode !== 0) {
    return `its supervisor ended with ${String(terminated.exitCode)} ${terminated.message ?? ''}`.trim()
  }
  return fallback
}
