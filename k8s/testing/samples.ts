import type { PodShape } from '../pod-shape.ts'
import type { KubernetesSettings } from '../settings.ts'

/** The settings of a server that says nothing about pods. */
function someSettings(more: Partial<KubernetesSettings> = {}): KubernetesSettings {
  return {
    namespace: 'functions',
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
