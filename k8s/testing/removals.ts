import { expect } from '@jest/globals'
import type { V1Pod } from '@kubernetes/client-node'
import { kubectl, namespace, type Installation } from './installation.ts'
import { signalPod } from './node-processes.ts'

/**
 * Kills the server that has been there for the longest, so that each is killed in turn. Its pod is replaced at once: started again and again
 * in its place it would be held back.
 */
export async function killServer(installation: Installation): Promise<void> {
  const bornMs = ({ metadata }: V1Pod) => metadata?.creationTimestamp?.getTime() ?? 0
  const [victim] = (await installation.servers()).toSorted((one, other) => bornMs(one) - bornMs(other))
  if (victim === undefined) return
  expect(signalPod(victim, 'api/main.ts', 'SIGKILL')).toBe(1)
  await removePod(victim)
}

/** Removes a pod of the function, if there is one, without a word to it. */
export async function removeFunctionPod(installation: Installation, functionName: string): Promise<void> {
  const [pod] = await installation.pods(`kubelambda.dev/function=${functionName}`)
  if (pod !== undefined) await removePod(pod)
}

/** Removes a pod at once. */
export async function removePod({ metadata }: V1Pod): Promise<void> {
  await kubectl('-n', namespace, 'delete', 'pod', metadata?.name ?? '', '--grace-period=0', '--force')
}
