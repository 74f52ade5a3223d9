import { hostname } from 'node:os'
import {
  parseList,
  parsePairs,
  parseTolerations,
  reservedAnnotation,
  reservedAnnotations,
  reservedLabel,
  reservedLabels,
  type KubernetesSettings,
} from '../k8s/settings.ts'
import { ConfigError, text, wholeNumber } from './config-readers.ts'

const name = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/
const names = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(,\s*[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/
const pairs = /^[^=,\s]+=[^,\s]*(,\s*[^=,\s]+=[^,\s]*)*$/
const list = /^[^\s]+(,\s*[^\s]+)*$/

/** Images by family of runtimes; each of these is what `k8s/images` builds. */
const defaultImages = {
  nodejs: 'kubelambda/nodejs:latest',
  python: 'kubelambda/python:latest',
  ruby: 'kubelambda/ruby:latest',
  provided: 'kubelambda/provided:latest',
}

/** Pairs of which none may be one that `find` finds. */
const unreserved =
  (form: string, find: (given: Record<string, string>) => string | undefined, reason: string) =>
  (name: string, given: string | undefined): string | undefined => {
    const value = text(undefined, pairs, form)(name, given)
    const reserved = find(parsePairs(value))
    if (reserved === undefined) return value
    throw new ConfigError(`${name} must not set ${reserved}, ${reason}.`)
  }

/** The settings of the driver `kubernetes`. */
export const kubernetesReaders = {
  KUBELAMBDA_KUBECONFIG: text(undefined, /./, 'must be a file'),
  KUBELAMBDA_NAMESPACE: text('kubelambda', name, 'must be a namespace'),
  KUBELAMBDA_NAMESPACES: text(undefined, names, 'must be namespaces, separated by commas'),
  KUBELAMBDA_IMAGES: text(undefined, pairs, 'must be runtime=image, separated by commas'),
  KUBELAMBDA_REGISTRY_CREDENTIALS: text(undefined, /./, 'must be a file'),
  KUBELAMBDA_PLAIN_REGISTRIES: text(undefined, list, 'must be host:port, separated by commas'),
  KUBELAMBDA_SUPERVISOR_IMAGE: text('kubelambda/supervisor:latest', /^\S+$/, 'must be an image'),
  KUBELAMBDA_PULL_POLICY: text(
    'IfNotPresent',
    /^(Always|IfNotPresent|Never)$/,
    'must be Always, IfNotPresent or Never',
  ),
  KUBELAMBDA_POOL_SIZE: wholeNumber(2, 0, 100),
  KUBELAMBDA_POOL_IDLE_SECONDS: wholeNumber(3600, 1, 604_800),
  KUBELAMBDA_START_SECONDS: wholeNumber(50, 1, 900),
  KUBELAMBDA_ORPHAN_SECONDS: wholeNumber(300, 10, 86_400),
  KUBELAMBDA_OVERHEAD_MB: wholeNumber(64, 32, 1024),
  KUBELAMBDA_CPU_LIMIT: text('off', /^(on|off)$/, 'must be on or off'),
  KUBELAMBDA_NODE_SELECTOR: text(undefined, pairs, 'must be label=value, separated by commas'),
  KUBELAMBDA_TOLERATIONS: text(undefined, list, 'must be key=value:effect, separated by commas'),
  KUBELAMBDA_SERVICE_ACCOUNT: text(undefined, name, 'must be a service account'),
  KUBELAMBDA_RUNTIME_CLASS: text(undefined, name, 'must be a runtime class'),
  KUBELAMBDA_PULL_SECRETS: text(undefined, list, 'must be names of secrets, separated by commas'),
  KUBELAMBDA_POD_LABELS: unreserved('must be label=value, separated by commas', reservedLabel, reservedLabels),
  KUBELAMBDA_POD_ANNOTATIONS: unreserved(
    'must be name=value, separated by commas',
    reservedAnnotation,
    reservedAnnotations,
  ),
  KUBELAMBDA_SERVER_NAME: text(hostname(), name, 'must be a name of this server alone'),
} as const

type Setting = keyof typeof kubernetesReaders
type Read = <Value>(name: Setting, reader: (name: string, given: string | undefined) => Value) => Value

/** Reads the settings of the driver `kubernetes`; also where another one is used, so that a wrong one is told. */
export function readKubernetes(read: Read): KubernetesSettings {
  const of = <Name extends Setting>(setting: Name): ReturnType<(typeof kubernetesReaders)[Name]> =>
    read(setting, kubernetesReaders[setting] as never)
  const kubeconfig = of('KUBELAMBDA_KUBECONFIG')
  const serviceAccount = of('KUBELAMBDA_SERVICE_ACCOUNT')
  const runtimeClass = of('KUBELAMBDA_RUNTIME_CLASS')
  return {
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    namespace: of('KUBELAMBDA_NAMESPACE') ?? '',
    furtherNamespaces: parseList(of('KUBELAMBDA_NAMESPACES')) ?? [],
    images: { ...defaultImages, ...parsePairs(of('KUBELAMBDA_IMAGES')) },
    supervisorImage: of('KUBELAMBDA_SUPERVISOR_IMAGE') ?? '',
    pullPolicy: of('KUBELAMBDA_PULL_POLICY') as KubernetesSettings['pullPolicy'],
    poolSize: of('KUBELAMBDA_POOL_SIZE'),
    poolIdleMs: of('KUBELAMBDA_POOL_IDLE_SECONDS') * 1000,
    startMs: of('KUBELAMBDA_START_SECONDS') * 1000,
    orphanSeconds: of('KUBELAMBDA_ORPHAN_SECONDS'),
    overheadMb: of('KUBELAMBDA_OVERHEAD_MB'),
    cpuLimit: of('KUBELAMBDA_CPU_LIMIT') === 'on',
    serverName: of('KUBELAMBDA_SERVER_NAME') ?? '',
    nodeSelector: parsePairs(of('KUBELAMBDA_NODE_SELECTOR')),
    tolerations: parseTolerations(of('KUBELAMBDA_TOLERATIONS')),
    ...(serviceAccount === undefined ? {} : { serviceAccount }),
    ...(runtimeClass === undefined ? {} : { runtimeClass }),
    pullSecrets: parseList(of('KUBELAMBDA_PULL_SECRETS')) ?? [],
    labels: parsePairs(of('KUBELAMBDA_POD_LABELS')),
    annotations: parsePairs(of('KUBELAMBDA_POD_ANNOTATIONS')),
  }
}

/** Reads how registries are asked of the images that functions are made of. */
export function readRegistries(read: Read): {
  readonly plainRegistries: readonly string[]
  readonly credentialsFile?: string
} {
  const { KUBELAMBDA_PLAIN_REGISTRIES, KUBELAMBDA_REGISTRY_CREDENTIALS } = kubernetesReaders
  const credentialsFile = read('KUBELAMBDA_REGISTRY_CREDENTIALS', KUBELAMBDA_REGISTRY_CREDENTIALS)
  return {
    plainRegistries: parseList(read('KUBELAMBDA_PLAIN_REGISTRIES', KUBELAMBDA_PLAIN_REGISTRIES)) ?? [],
    ...(credentialsFile === undefined ? {} : { credentialsFile }),
  }
}
