import { setTimeout as delay } from 'node:timers/promises'
import type { EnvironmentSpec } from '../../api/environments/driver/driver.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { assignedMetadata } from '../cluster/labels.ts'

export interface LabelRequest {
  readonly name: string
  readonly namespace: string
  readonly spec: EnvironmentSpec
  /** Whether the pod is still the function's. */
  readonly isWanted: () => boolean
}

const pauseMs = 1_000

/** Labels a pod with its function after the launch; retries until it succeeds or the pod is no longer wanted. */
export async function labelPod(
  { cluster, log }: { cluster: Pick<Cluster, 'annotate'>; log: { warn(line: string): void } },
  { name, namespace, spec, isWanted }: LabelRequest,
): Promise<void> {
  for (let tries = 0; isWanted(); tries++) {
    try {
      await cluster.annotate(namespace, name, assignedMetadata(spec))
      return
    } catch (fault) {
      if (tries === 0) log.warn(`The pod ${name} is not labelled yet: ${(fault as Error).message}`)
      await delay(pauseMs, undefined, { ref: false })
    }
  }
}
