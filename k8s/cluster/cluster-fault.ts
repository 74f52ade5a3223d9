import { ApiException } from '@kubernetes/client-node'
import { CapacityExhausted } from '../../api/environments/driver/driver.ts'
import { connectionFault } from './connection-fault.ts'

/** The kind of a failed request; `kubeconfig`: the configured API server cannot be trusted or reached as configured. */
export type FaultKind =
  'quota' | 'forbidden' | 'invalid' | 'conflict' | 'missing' | 'expired' | 'unreachable' | 'kubeconfig'

/** A failed request to the cluster; the message says what to do. */
export class ClusterFault extends Error {
  readonly kind: FaultKind

  constructor(kind: FaultKind, message: string, cause?: unknown) {
    super(message, { cause })
    this.kind = kind
  }
}

/** Classifies an error of the client and words its message. */
export function clusterFault(task: string, cause: unknown): ClusterFault {
  if (cause instanceof ClusterFault) return cause
  const status = statusOf(cause)
  const message = messageOf(cause)
  if (status === undefined) {
    const connection = connectionFault(cause)
    if (connection !== undefined) {
      const { reason, fix } = connection
      const line = `KUBELAMBDA_KUBECONFIG: the Kubernetes API cannot be used (${task}): ${reason}: ${fix}`
      return new ClusterFault('kubeconfig', line, cause)
    }
    return new ClusterFault('unreachable', `The Kubernetes API did not answer (${task}): ${message}`, cause)
  }
  if (status === 403 && message.includes('exceeded quota')) {
    return new ClusterFault(
      'quota',
      `A quota of the namespace is used up: raise it, or lower the pool (${message})`,
      cause,
    )
  }
  // A new namespace exists shortly before its service account does.
  if (status === 403 && message.includes('error looking up service account'))
    return new ClusterFault('missing', `The namespace has no service account for pods yet (${message})`, cause)
  if (status === 401 || status === 403) {
    const hint = "give the server's service account the Role of k8s/manifests"
    return new ClusterFault('forbidden', `The server may not ${task}: ${hint} (${message})`, cause)
  }
  const kinds: Readonly<Record<number, FaultKind>> = { 404: 'missing', 409: 'conflict', 410: 'expired' }
  const kind = kinds[status] ?? (status >= 500 || status === 429 ? 'unreachable' : 'invalid')
  return new ClusterFault(kind, `Kubernetes refused to ${task}: ${message}`, cause)
}

/** Reports a used-up quota as missing capacity to the scheduler. */
export function launchFault(fault: Error): Error {
  return fault instanceof ClusterFault && fault.kind === 'quota' ? new CapacityExhausted(fault.message) : fault
}

function statusOf(cause: unknown): number | undefined {
  if (cause instanceof ApiException) return cause.code
  if (typeof cause !== 'object' || cause === null) return undefined
  for (const name of ['statusCode', 'code'] as const) {
    const value = (cause as Readonly<Record<string, unknown>>)[name]
    if (typeof value === 'number') return value
  }
  return undefined
}

function messageOf(cause: unknown): string {
  if (cause instanceof ApiException) {
    const { body } = cause as ApiException<unknown>
    return statusMessage(body) ?? `status ${String(cause.code)}`
  }
  if (!(cause instanceof Error)) return String(cause)
  const inner = cause.cause instanceof Error ? `: ${cause.cause.message}` : ''
  return `${cause.message}${inner}`
}

/** The `message` of a Status object, which the client hands over as text or as an object. */
function statusMessage(body: unknown): string | undefined {
  try {
    const status = (typeof body === 'string' ? JSON.parse(body) : body) as { message?: unknown } | null
    return typeof status?.message === 'string' ? status.message : undefined
  } catch {
    return undefined
  }
}
