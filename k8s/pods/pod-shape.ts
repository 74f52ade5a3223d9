import { createHash } from 'node:crypto'
import { RuntimeUnavailable, type EnvironmentSpec } from '../../api/environments/driver/driver.ts'
import { runtimeFamily } from '../../api/environments/driver/runtime-family.ts'
import {
  allowedNamespaces,
  podSettings,
  reservedAnnotation,
  reservedAnnotations,
  reservedLabel,
  reservedLabels,
  type KubernetesSettings,
  type PodSettings,
} from '../settings.ts'

/** Everything fixed at the creation of a pod. Generic environments of one shape are interchangeable. */
export interface PodShape extends PodSettings {
  readonly image: string
  /** `nodejs` and the like; part of the pod's name. */
  readonly family: string
  readonly architecture: string
  readonly memoryMb: number
  readonly temporaryMb: number
  /** Set when the image is the function itself, and the supervisor is added to it. */
  readonly isFunctionImage?: true
}

/** The shape of the pods that can run a function. */
export function shapeOf(spec: EnvironmentSpec, settings: KubernetesSettings): PodShape {
  const placed = podSettings(settings, spec.tags)
  if (!allowedNamespaces(settings).includes(placed.namespace))
    throw tagRefused('namespace', `namespace ${placed.namespace}`, unusedNamespace)
  const label = reservedLabel(placed.labels)
  if (label !== undefined) throw tagRefused('labels', `the label ${label}`, reservedLabels)
  const annotation = reservedAnnotation(placed.annotations)
  if (annotation !== undefined) throw tagRefused('annotations', `the annotation ${annotation}`, reservedAnnotations)
  const common = {
    ...placed,
    architecture: spec.architecture,
    memoryMb: spec.memoryMb,
    temporaryMb: spec.ephemeralStorageMb,
  }
  if (spec.imageUri !== undefined) return { ...common, image: spec.imageUri, family: 'image', isFunctionImage: true }
  const runtime = runtimeFamily(spec.runtime)
  const image =
    imageOf(settings, spec.runtime) ?? (runtime === undefined ? undefined : imageOf(settings, runtime.family))
  if (runtime === undefined) throw unsupportedRuntime(spec.runtime)
  if (image === undefined) {
    throw new RuntimeUnavailable(
      `Runtime ${spec.runtime} has no image: name one in KUBELAMBDA_IMAGES, such as ${spec.runtime}=registry/image:tag`,
      'InvalidRuntime',
    )
  }
  return { ...common, image, family: runtime.family }
}

function imageOf({ images }: KubernetesSettings, runtime: string): string | undefined {
  return Object.hasOwn(images, runtime) ? images[runtime] : undefined
}

/** The error for a runtime without a runtime client, which no image can run. */
export function unsupportedRuntime(runtime: string): RuntimeUnavailable {
  return new RuntimeUnavailable(
    `Runtime ${runtime} is not supported in pods: deploy the function as a container image`,
    'InvalidRuntime',
  )
}

const unusedNamespace =
  'which the server does not use: name it in KUBELAMBDA_NAMESPACES, and give the server its Role there ' +
  '(k8s/manifests/function-namespace)'

/** The error for a tag with a value that is not allowed; the reason says what to do. */
function tagRefused(tag: string, what: string, reason: string): RuntimeUnavailable {
  return new RuntimeUnavailable(`The tag kubelambda.dev/${tag} asks for ${what}, ${reason}`, 'InvalidConfiguration')
}

/** An identifier derived from the shape, the same on every server. */
export function shapeId(shape: PodShape): string {
  return createHash('sha256')
    .update(JSON.stringify(sorted(shape)))
    .digest('hex')
    .slice(0, 16)
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1))
  return entries.map(([key, member]) => [key, sorted(member)])
}
