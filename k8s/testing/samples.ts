import type { EnvironmentSpec } from '../../api/environments/driver.ts'
import type { PodShape } from '../pod-shape.ts'
import type { KubernetesSettings } from '../settings.ts'

/** The settings of a server that says nothing about pods. */
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

/** A function as the scheduler asks the driver for. */
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
