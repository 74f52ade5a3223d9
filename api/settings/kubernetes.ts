import { parseList, parsePairs, parseTolerations, type KubernetesSettings } from '../../k8s/settings.ts'
import type { Read, Settings } from './settings.ts'

/** Images by runtime family, as built by `k8s/images`. */
const defaultImages = {
  nodejs: 'kubelambda/nodejs:latest',
  python: 'kubelambda/python:latest',
  ruby: 'kubelambda/ruby:latest',
  provided: 'kubelambda/provided:latest',
}

/** Reads the settings of the driver `kubernetes`. */
export function readKubernetes(read: Read): KubernetesSettings {
  const kubeconfig = read('KUBELAMBDA_KUBECONFIG')
  const serviceAccount = read('KUBELAMBDA_SERVICE_ACCOUNT')
  const runtimeClass = read('KUBELAMBDA_RUNTIME_CLASS')
  return {
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    namespace: read('KUBELAMBDA_NAMESPACE'),
    furtherNamespaces: parseList(read('KUBELAMBDA_NAMESPACES')) ?? [],
    images: { ...defaultImages, ...parsePairs(read('KUBELAMBDA_IMAGES')) },
    supervisorImage: read('KUBELAMBDA_SUPERVISOR_IMAGE'),
    pullPolicy: read('KUBELAMBDA_PULL_POLICY') as KubernetesSettings['pullPolicy'],
    poolSize: read('KUBELAMBDA_POOL_SIZE'),
    poolIdleMs: read('KUBELAMBDA_POOL_IDLE_SECONDS') * 1000,
    startMs: read('KUBELAMBDA_START_SECONDS') * 1000,
    orphanSeconds: read('KUBELAMBDA_ORPHAN_SECONDS'),
    overheadMb: read('KUBELAMBDA_OVERHEAD_MB'),
    cpuLimit: read('KUBELAMBDA_CPU_LIMIT') === 'on',
    serverName: read('KUBELAMBDA_SERVER_NAME'),
    nodeSelector: parsePairs(read('KUBELAMBDA_NODE_SELECTOR')),
    tolerations: parseTolerations(read('KUBELAMBDA_TOLERATIONS')),
    ...(serviceAccount === undefined ? {} : { serviceAccount }),
    ...(runtimeClass === undefined ? {} : { runtimeClass }),
    pullSecrets: parseList(read('KUBELAMBDA_PULL_SECRETS')) ?? [],
    labels: parsePairs(read('KUBELAMBDA_POD_LABELS')),
    annotations: parsePairs(read('KUBELAMBDA_POD_ANNOTATIONS')),
  }
}

/** Reads how to access registries of function images. */
export function readRegistries(read: Read): NonNullable<Settings['registries']> {
  const credentialsFile = read('KUBELAMBDA_REGISTRY_CREDENTIALS')
  return {
    plainRegistries: parseList(read('KUBELAMBDA_PLAIN_REGISTRIES')) ?? [],
    ...(credentialsFile === undefined ? {} : { credentialsFile }),
  }
}
