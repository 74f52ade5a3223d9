import { randomBytes } from 'node:crypto'
import type { V1Container, V1EnvVar, V1Pod, V1ResourceRequirements, V1Volume } from '@kubernetes/client-node'
import { supervisorNodeFlags } from '../../runtime-bootstrap/protocol/node-flags.ts'
import { podStandby } from './pod-assignment.ts'
import { annotations, labels, labelValue, managedBy } from '../cluster/labels.ts'
import { shapeId, type PodShape } from './pod-shape.ts'
import type { KubernetesSettings } from '../settings.ts'

export const supervisorPort = 9050
/** AWS's own user and group of functions. */
const [userId, groupId] = [993, 990]
/** A memory size of this many MB has one whole processor. */
const mbPerProcessor = 1769
/** The supervisor's Node.js, with its own libraries so that the image needs none. */
const startSupervisor = [
  ...['/kubelambda/ld.so', '--library-path', '/kubelambda/lib', '/kubelambda/node', ...supervisorNodeFlags],
  '/kubelambda/supervisor.cjs',
]
const keyVariable = 'KUBELAMBDA_ENVIRONMENT_KEY'

const locked = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
}
const packageVolumes = [
  { name: 'code', mountPath: '/var/task' },
  { name: 'layers', mountPath: '/opt' },
]
const ownVolumes = [{ name: 'supervisor', mountPath: '/kubelambda', readOnly: true }]

/** A generic pod. It complies with the Pod Security Standard `restricted`. */
export function genericPod(shape: PodShape, settings: KubernetesSettings): V1Pod {
  return {
    metadata: {
      name: `kubelambda-${shape.family}-${randomBytes(6).toString('hex')}`,
      namespace: shape.namespace,
      labels: {
        ...shape.labels,
        [labels.managedBy]: managedBy,
        [labels.component]: 'environment',
        [labels.shape]: shapeId(shape),
        [labels.server]: labelValue(settings.serverName),
      },
      annotations: { ...shape.annotations, [annotations.shape]: JSON.stringify(shape) },
    },
    spec: {
      restartPolicy: 'Never',
      enableServiceLinks: false,
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 5,
      // The host name that extensions use for their telemetry listeners.
      hostAliases: [{ ip: '127.0.0.1', hostnames: ['sandbox.localdomain'] }],
      ...placement(shape),
      securityContext: {
        runAsNonRoot: true,
        runAsUser: userId,
        runAsGroup: groupId,
        fsGroup: groupId,
        seccompProfile: { type: 'RuntimeDefault' },
      },
      ...(shape.isFunctionImage === true ? { initContainers: [installer(settings)] } : {}),
      containers: [container(shape, settings)],
      volumes: volumes(shape),
    },
  }
}

/** The key by which servers authenticate to the pod's supervisor. */
export function keyOf(pod: V1Pod): string | undefined {
  return pod.spec?.containers[0]?.env?.find(({ name }) => name === keyVariable)?.value
}

function placement({ nodeSelector, tolerations, serviceAccount, runtimeClass, pullSecrets, architecture }: PodShape) {
  return {
    nodeSelector: { 'kubernetes.io/arch': architecture === 'arm64' ? 'arm64' : 'amd64', ...nodeSelector },
    ...(tolerations.length === 0 ? {} : { tolerations: [...tolerations] }),
    ...(serviceAccount === undefined ? {} : { serviceAccountName: serviceAccount }),
    ...(runtimeClass === undefined ? {} : { runtimeClassName: runtimeClass }),
    ...(pullSecrets.length === 0 ? {} : { imagePullSecrets: pullSecrets.map((name) => ({ name })) }),
  }
}

function container(shape: PodShape, settings: KubernetesSettings): V1Container {
  return {
    name: 'function',
    image: shape.image,
    command: [...startSupervisor],
    imagePullPolicy: settings.pullPolicy,
    env: variables(shape, settings),
    ports: [{ name: 'supervisor', containerPort: supervisorPort }],
    resources: resources(shape, settings),
    securityContext: locked,
    volumeMounts: [
      ...(shape.isFunctionImage === true ? ownVolumes : packageVolumes),
      { name: 'temporary', mountPath: '/tmp' },
    ],
  }
}

/** Copies the supervisor into a volume that the function's own image mounts. */
function installer(settings: KubernetesSettings): V1Container {
  return {
    name: 'supervisor',
    image: settings.supervisorImage,
    imagePullPolicy: settings.pullPolicy,
    command: [...startSupervisor.slice(0, 4), '/kubelambda/install.cjs', '/target'],
    resources: { requests: { cpu: '10m', memory: '64Mi' }, limits: { memory: '256Mi' } },
    securityContext: locked,
    volumeMounts: [{ name: 'supervisor', mountPath: '/target' }],
  }
}

function variables({ family, memoryMb }: PodShape, settings: KubernetesSettings): V1EnvVar[] {
  const standby = podStandby(family, memoryMb)
  return [
    { name: keyVariable, value: randomBytes(32).toString('hex') },
    { name: 'KUBELAMBDA_SUPERVISOR_PORT', value: String(supervisorPort) },
    { name: 'KUBELAMBDA_ORPHAN_SECONDS', value: String(settings.orphanSeconds) },
    ...(standby === undefined ? [] : [{ name: 'KUBELAMBDA_STANDBY', value: JSON.stringify(standby) }]),
  ]
}

function resources({ memoryMb }: PodShape, { overheadMb, cpuLimit }: KubernetesSettings): V1ResourceRequirements {
  const memory = `${String(memoryMb + overheadMb)}Mi`
  const cpu = `${String(Math.max(1, Math.round((memoryMb * 1000) / mbPerProcessor)))}m`
  return { requests: { cpu, memory }, limits: { memory, ...(cpuLimit ? { cpu } : {}) } }
}

function volumes({ temporaryMb, isFunctionImage }: PodShape): V1Volume[] {
  const temporary = { name: 'temporary', emptyDir: { sizeLimit: `${String(temporaryMb)}Mi` } }
  if (isFunctionImage === true) return [{ name: 'supervisor', emptyDir: {} }, temporary]
  return [
    { name: 'code', emptyDir: { sizeLimit: '512Mi' } },
    { name: 'layers', emptyDir: { sizeLimit: '512Mi' } },
    temporary,
  ]
}
