import type { V1Pod } from '@kubernetes/client-node'
import { keyOf, supervisorPort } from '../pods/pod-spec.ts'
import { podState } from '../pods/pod-state.ts'
import { connectSupervisor, type Connected } from './supervisor-connection.ts'

/** Connects to the supervisor of a pod that runs, by the key in its spec. */
export async function reachPod(pod: V1Pod, token: number, deadlineMs: number): Promise<Connected> {
  const state = podState(pod)
  const key = keyOf(pod)
  if (key === undefined || state.kind !== 'running') throw new Error('its pod does not run')
  return connectSupervisor({ address: state.address, port: supervisorPort, key, token, deadlineMs })
}
