import { hostname } from 'node:os'
import {
  parsePairs,
  reservedAnnotation,
  reservedAnnotations,
  reservedLabel,
  reservedLabels,
} from '../../k8s/settings.ts'
import { SettingsError, text, wholeNumber, type Reader } from './readers.ts'

const name = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/
const names = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(,\s*[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/
const pairs = /^[^=,\s]+=[^,\s]*(,\s*[^=,\s]+=[^,\s]*)*$/
const list = /^[^\s,]+(,\s*[^\s,]+)*$/

/** Pairs of which `find` must find none. */
const unreserved =
  (
    form: string,
    find: (given: Record<string, string>) => string | undefined,
    reason: string,
  ): Reader<string | undefined> =>
  (source, given) => {
    const value = text(undefined, pairs, form)(source, given)
    const reserved = find(parsePairs(value))
    if (reserved === undefined) return value
    throw new SettingsError(`${source} must not set ${reserved}, ${reason}.`)
  }

function row<Value>(read: Reader<Value>, value: string, meaning: string, fallback?: string) {
  const section = 'Kubernetes' as const
  return { read, section, value, meaning, ...(fallback === undefined ? {} : { fallback }) }
}

/** The settings of the driver `kubernetes`. */
export const kubernetesTable = {
  KUBELAMBDA_KUBECONFIG: row(
    text(undefined, /./, 'must be a file'),
    '<file>',
    "A kubeconfig file; without it, the pod's service account, else the usual places",
  ),
  KUBELAMBDA_NAMESPACE: row(
    text('kubelambda', name, 'must be a namespace'),
    '<name>',
    'Namespace of the pods. Servers that share a Redis must be pods of this namespace too: that is how they notice that one of them is gone',
    'kubelambda',
  ),
  KUBELAMBDA_NAMESPACES: row(
    text(undefined, names, 'must be namespaces, separated by commas'),
    '<names>',
    'Further namespaces that functions may ask for; the server needs its Role in each: `kubectl -n NAME apply -k k8s/manifests/function-namespace`',
  ),
  KUBELAMBDA_IMAGES: row(
    text(undefined, pairs, 'must be runtime=image, separated by commas'),
    '<runtime=image>',
    'Image for each runtime (`python3.12=…`) or family (`python=…`)',
    'nodejs=kubelambda/nodejs:latest,…',
  ),
  KUBELAMBDA_REGISTRY_CREDENTIALS: row(
    text(undefined, /./, 'must be a file'),
    '<file>',
    'A `config.json` file (a mounted pull secret) with which the server reads the digests and entry points of images from their registries',
  ),
  KUBELAMBDA_PLAIN_REGISTRIES: row(
    text(undefined, list, 'must be host:port, separated by commas'),
    '<host:port>',
    'Registries that are read over plain HTTP',
  ),
  KUBELAMBDA_SUPERVISOR_IMAGE: row(
    text('kubelambda/supervisor:latest', /^\S+$/, 'must be an image'),
    '<image>',
    'Image that brings the supervisor to functions that are images',
    'kubelambda/supervisor:latest',
  ),
  KUBELAMBDA_PULL_POLICY: row(
    text('IfNotPresent', /^(Always|IfNotPresent|Never)$/, 'must be Always, IfNotPresent or Never'),
    '<policy>',
    'Pull policy of images',
    'IfNotPresent',
  ),
  KUBELAMBDA_POOL_SIZE: row(
    wholeNumber(2, 0, 100),
    '<number>',
    'Generic pods kept ready for each runtime, architecture and memory size in use, each with a supervisor and a started interpreter (some 40 MB with Node.js, 10 MB with Python)',
    '2',
  ),
  KUBELAMBDA_POOL_IDLE_SECONDS: row(
    wholeNumber(3600, 1, 604_800),
    '<seconds>',
    'How long generic pods are kept after the last function that uses their shape',
    '3600',
  ),
  KUBELAMBDA_START_SECONDS: row(
    wholeNumber(50, 1, 900),
    '<seconds>',
    'How long an invocation waits for a pod before it is throttled with status 429. Meanwhile, environments that were idle longest, 2 s at least, are ended to make room',
    '50',
  ),
  KUBELAMBDA_ORPHAN_SECONDS: row(
    wholeNumber(300, 10, 86_400),
    '<seconds>',
    'How long a pod lives without a server',
    '300',
  ),
  KUBELAMBDA_OVERHEAD_MB: row(
    wholeNumber(64, 32, 1024),
    '<MB>',
    "Memory of the supervisor, added to the function's memory size",
    '64',
  ),
  KUBELAMBDA_CPU_LIMIT: row(
    text('off', /^(on|off)$/, 'must be on or off'),
    '<on|off>',
    "Whether a function is limited to its memory size's share of CPU",
    'off',
  ),
  KUBELAMBDA_NODE_SELECTOR: row(
    text(undefined, pairs, 'must be label=value, separated by commas'),
    '<label=value>',
    'Node selector of pods',
  ),
  KUBELAMBDA_TOLERATIONS: row(
    text(undefined, list, 'must be key=value:effect, separated by commas'),
    '<key=value:effect>',
    'Tolerations of pods',
  ),
  KUBELAMBDA_SERVICE_ACCOUNT: row(
    text(undefined, name, 'must be a service account'),
    '<name>',
    'Service account of pods',
  ),
  KUBELAMBDA_RUNTIME_CLASS: row(text(undefined, name, 'must be a runtime class'), '<name>', 'Runtime class of pods'),
  KUBELAMBDA_PULL_SECRETS: row(
    text(undefined, list, 'must be names of secrets, separated by commas'),
    '<names>',
    'Pull secrets of pods',
  ),
  KUBELAMBDA_POD_LABELS: row(
    unreserved('must be label=value, separated by commas', reservedLabel, reservedLabels),
    '<label=value>',
    'Further labels of pods',
  ),
  KUBELAMBDA_POD_ANNOTATIONS: row(
    unreserved('must be name=value, separated by commas', reservedAnnotation, reservedAnnotations),
    '<name=value>',
    'Further annotations of pods',
  ),
  KUBELAMBDA_SERVER_NAME: row(
    text(hostname(), name, 'must be a name of this server alone'),
    '<name>',
    "This server's name, as the owner of its generic pods",
    'the host name',
  ),
}
