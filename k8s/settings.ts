/** Settings of the driver for all functions; those of `PodSettings` can be given per function by tags. */
export interface KubernetesSettings extends PodSettings {
  /** A kubeconfig file; by default the pod's service account, else the usual locations. */
  readonly kubeconfig?: string
  /** Image of each runtime, by identifier or family. */
  readonly images: Readonly<Record<string, string>>
  /** Image with the supervisor, for functions that are images. */
  readonly supervisorImage: string
  readonly pullPolicy: 'Always' | 'IfNotPresent' | 'Never'
  /** Idle generic environments to keep per runtime, architecture and memory size in use. */
  readonly poolSize: number
  /** How long generic environments of an unused shape are kept. */
  readonly poolIdleMs: number
  /** How long an invocation waits for a new environment. */
  readonly startMs: number
  /** How long an environment goes on running without a server. */
  readonly orphanSeconds: number
  /** Memory for the supervisor, on top of the function's. */
  readonly overheadMb: number
  /** Whether a function may use no more CPU than its memory size gives it. */
  readonly cpuLimit: boolean
  /** Further namespaces that functions may select by a tag. */
  readonly furtherNamespaces: readonly string[]
  /** This server's name, as the owner of the generic environments that it creates. */
  readonly serverName: string
}

/** Placement and identity of pods. */
export interface PodSettings {
  readonly namespace: string
  readonly nodeSelector: Readonly<Record<string, string>>
  readonly tolerations: readonly Toleration[]
  readonly serviceAccount?: string
  readonly runtimeClass?: string
  readonly pullSecrets: readonly string[]
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}

export interface Toleration {
  readonly key?: string
  readonly operator?: 'Equal' | 'Exists'
  readonly value?: string
  readonly effect?: string
}

const tagPrefix = 'kubelambda.dev/'

/** The settings, overridden by a function's tags such as `kubelambda.dev/node-selector: disk=ssd,zone=a`. */
export function podSettings(all: PodSettings, tags: Readonly<Record<string, string>>): PodSettings {
  const tagged = new Map(Object.entries(tags))
  const tag = (name: string): string | undefined => tagged.get(`${tagPrefix}${name}`)
  const serviceAccount = tag('service-account') ?? all.serviceAccount
  const runtimeClass = tag('runtime-class') ?? all.runtimeClass
  return {
    namespace: tag('namespace') ?? all.namespace,
    nodeSelector: { ...all.nodeSelector, ...parsePairs(tag('node-selector')) },
    tolerations: [...all.tolerations, ...parseTolerations(tag('tolerations'))],
    ...(serviceAccount === undefined ? {} : { serviceAccount }),
    ...(runtimeClass === undefined ? {} : { runtimeClass }),
    pullSecrets: parseList(tag('pull-secrets')) ?? all.pullSecrets,
    labels: { ...all.labels, ...parsePairs(tag('labels')) },
    annotations: { ...all.annotations, ...parsePairs(tag('annotations')) },
  }
}

/** The namespaces that the server may use. */
export function allowedNamespaces({ namespace, furtherNamespaces }: KubernetesSettings): string[] {
  return [...new Set([namespace, ...furtherNamespaces])]
}

/** `a=b,c=d` as a record. */
export function parsePairs(text: string | undefined): Record<string, string> {
  const pairs = (parseList(text) ?? []).map((pair): [string, string] => {
    const at = pair.indexOf('=')
    return at < 0 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)]
  })
  return Object.fromEntries(pairs)
}

export const reservedLabels =
  'by which Services, policies and servers know pods: choose a key outside of kubernetes.io, k8s.io and kubelambda.dev'

/** The first reserved label: one by which Kubernetes, Services, policies or servers select pods. */
export function reservedLabel(labels: Readonly<Record<string, string>>): string | undefined {
  return Object.keys(labels).find((key) => /^(.*\.)?(kubernetes\.io|k8s\.io|kubelambda\.dev)\//.test(key))
}

export const reservedAnnotations =
  'by which servers know whose an environment is: choose a key outside of kubelambda.dev'

/** The first reserved annotation: one that servers set. All others are allowed, including those of Kubernetes. */
export function reservedAnnotation(annotations: Readonly<Record<string, string>>): string | undefined {
  return Object.keys(annotations).find((key) => key.startsWith(tagPrefix))
}

/** `key=value:effect`, `key:effect` or `key`, separated by commas. */
export function parseTolerations(text: string | undefined): Toleration[] {
  return (parseList(text) ?? []).map((item) => {
    const [, key = '', value, effect] = /^([^=:]*)(?:=([^:]*))?(?::(.*))?$/.exec(item) ?? []
    return {
      ...(key === '' ? {} : { key }),
      ...(value === undefined ? { operator: 'Exists' as const } : { operator: 'Equal' as const, value }),
      ...(effect === undefined || effect === '' ? {} : { effect }),
    }
  })
}

export function parseList(text: string | undefined): string[] | undefined {
  if (text === undefined) return undefined
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
}
