import type { V1ContainerState, V1ContainerStatus, V1Pod, V1PodStatus } from '@kubernetes/client-node'
import type { EnvironmentSpec } from '../../api/environments/driver/driver.ts'
import type { PodShape } from '../pods/pod-shape.ts'
import { genericPod } from '../pods/pod-spec.ts'
import type { KubernetesSettings } from '../settings.ts'

/** The default settings of a server. */
export function someSettings(more: Partial<KubernetesSettings> = {}): KubernetesSettings {
  return {
    namespace: 'functions',
    furtherNamespaces: [],
    nodeSelector: {},
    tolerations: [],
    pullSecrets: [],
    labels: {},
    annotations: {},
    images: { nodejs: 'registry/nodejs:1', python: 'registry/python:1', provided: 'registry/provided:1' },
    supervisorImage: 'registry/supervisor:1',
    pullPolicy: 'IfNotPresent',
    poolSize: 2,
    poolIdleMs: 60_000,
    startMs: 10_000,
    orphanSeconds: 300,
    overheadMb: 64,
    cpuLimit: false,
    serverName: 'server-1',
    ...more,
  }
}

/** An environment's spec as the scheduler passes it to the driver. */
export function aSpec(more: Partial<EnvironmentSpec> = {}): EnvironmentSpec {
  return {
    key: 'f:$LATEST:1',
    functionName: 'f',
    version: '$LATEST',
    runtime: 'nodejs24.x',
    handler: 'index.handler',
    architecture: 'x86_64',
    memoryMb: 128,
    timeoutMs: 3_000,
    ephemeralStorageMb: 512,
    variables: {},
    codeSha256: 'c0de',
    logGroup: '/aws/lambda/f',
    tags: {},
    ...more,
  }
}

export function aShape(more: Partial<PodShape> = {}): PodShape {
  const { namespace, nodeSelector, tolerations, pullSecrets, labels, annotations } = someSettings()
  return {
    ...{ namespace, nodeSelector, tolerations, pullSecrets, labels, annotations },
    image: 'registry/nodejs:1',
    family: 'nodejs',
    architecture: 'x86_64',
    memoryMb: 128,
    temporaryMb: 512,
    ...more,
  }
}

/** A pod that is scheduled on a node. */
export function aPlacedPod(memoryMb: number): V1Pod {
  const pod = genericPod(aShape({ memoryMb }), someSettings())
  pod.spec!.nodeName = 'node-1'
  return pod
}

/** The status of an unschedulable pod. */
export const unschedulable: V1PodStatus = {
  phase: 'Pending',
  conditions: [
    { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/1 nodes: Insufficient memory' },
  ],
}

/** The status of a pod whose container is in this state. */
export function aStatus(phase: string, state: V1ContainerState): V1PodStatus {
  const container: V1ContainerStatus = {
    ...{ name: 'function', image: 'registry/nodejs:1', imageID: '', ready: false, restartCount: 0 },
    state,
  }
  return { phase, containerStatuses: [container] }
}
