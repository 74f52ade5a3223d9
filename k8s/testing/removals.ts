import { expect } from '@jest/globals'
import type { V1Pod } from '@kubernetes/client-node'
import { kubectl, namespace, type Installation } from './installation.ts'
import { signalPod } from './node-processes.ts'

/**
 * Kills the oldest server, so that each is killed in turn. Deletes its pod, since a container that restarts again and again
 * in one pod is delayed by backoff.
 */
export async function killServer(installation: Installation): Promise<void> {
  const bornMs = ({ metadata }: V1Pod) => metadata?.creationTimestamp?.getTime() ?? 0
  const [victim] = (await installation.servers()).toSorted((one, other) => bornMs(one) - bornMs(other))
  if (victim === undefined) return
  expect(signalPod(victim, 'api/main.ts', 'SIGKILL')).toBe(1)
  await removePod(victim)
}

/** Deletes a pod of the function, if there is one, without a grace period. */
export async function removeFunctionPod(installation: Installation, functionName: string): Promise<void> {
  const [pod] = await installation.pods(`kubelambda.dev/function=${functionName}`)
  if (pod !== undefined) await removePod(pod)
}

/** Deletes a pod without a grace period. */
export async function removePod({ metadata }: V1Pod): Promise<void> {
  await kubectl('-n', namespace, 'delete', 'pod', metadata?.name ?? '', '--grace-period=0', '--force')
}
