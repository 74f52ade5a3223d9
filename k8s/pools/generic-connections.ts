import type { V1Pod } from '@kubernetes/client-node'
import { setTimeout as delay } from 'node:timers/promises'
import type { EnvironmentPool } from './environment-pool.ts'
import { labels, labelValue } from '../cluster/labels.ts'
import { reachPod } from '../connections/pod-connection.ts'
import { nameOf } from '../pods/pod-facts.ts'
import type { PodRemoval } from '../pods/pod-removal.ts'

export interface GenericConnectionsOptions {
  readonly settings: { readonly serverName: string }
  readonly nextToken: () => Promise<number>
  /** Whether the server that started a generic environment is gone, so that this one may take it. */
  readonly isOwnerGone: (server: string) => Promise<boolean>
  /** Claims such an environment; false when another server was faster. */
  readonly claim: (id: string) => Promise<boolean>
  readonly removal: PodRemoval
  readonly isClosed: () => boolean
}

/** Connects once to each pod that belongs to no function yet, and offers it to its pool. */
export interface GenericConnections {
  connect(pod: V1Pod, pool: EnvironmentPool): void
  /** Whether this server created the pod, before or after a restart. */
  isOwn(pod: V1Pod): boolean
  /** Ends a pod that cannot start and that no launch waits for: its server is gone or discarded it. */
  endOrphaned(pod: V1Pod): Promise<void>
  /** The pod is gone. */
  forget(name: string): void
  /** Resolves when every connection attempt has ended, or at a short deadline. */
  settled(): Promise<void>
}

const connectMs = 30_000
const settledMs = 5_000
const tokenRetryMs = 1_000

export function connectGenerics(options: GenericConnectionsOptions): GenericConnections {
  const { removal } = options
  const connecting = new Map<string, Promise<void>>()
  const pooled = new Set<string>()

  const ownerOf = ({ metadata }: V1Pod): string => metadata?.labels?.[labels.server] ?? ''
  const isOwn = (pod: V1Pod): boolean => ownerOf(pod) === labelValue(options.settings.serverName)

  async function connect(pod: V1Pod, pool: EnvironmentPool): Promise<void> {
    const name = nameOf(pod)
    const namespace = pod.metadata?.namespace ?? ''
    try {
      const isTaken = async () => !(await options.isOwnerGone(ownerOf(pod))) || !(await options.claim(name))
      if (!isOwn(pod) && (await isTaken())) return
      pool.expect(name)
      const { socket, status, answersPings } = await reachPod(pod, await nextToken(options), connectMs)
      if (status.state === 'generic' && !options.isClosed()) {
        pooled.add(name)
        pool.offer({ name, namespace, socket, answersPings })
        return
      }
      socket.destroy()
      pool.withdraw(name)
      // A server assigned it and ended before it could label it.
      if (status.state !== 'generic') removal.end(name, namespace)
    } catch (cause) {
      // A pod of another server may be in use there.
      if (isOwn(pod)) removal.end(name, namespace)
      pool.abandon(
        name,
        new Error(`The supervisor of pod ${name} cannot be reached: ${(cause as Error).message}`),
        false,
      )
    }
  }

  return {
    connect(pod, pool) {
      const name = nameOf(pod)
      if (connecting.has(name) || pooled.has(name)) return
      // A pod that is not needed here is left to other servers.
      if (pool.isSuspended && !pool.isStarting(name)) return
      connecting.set(
        name,
        connect(pod, pool).finally(() => connecting.delete(name)),
      )
    },
    isOwn,
    async endOrphaned(pod) {
      // While Redis is unavailable, a later pass decides.
      const isOrphaned = isOwn(pod) || (await options.isOwnerGone(ownerOf(pod)).catch(() => false))
      if (isOrphaned) removal.end(nameOf(pod), pod.metadata?.namespace ?? '')
    },
    forget(name) {
      pooled.delete(name)
    },
    async settled() {
      await Promise.race([Promise.all(connecting.values()), delay(settledMs, undefined, { ref: false })])
    },
  }
}

/** Retries while the store is unavailable, which is no fault of the pod. */
async function nextToken(options: Pick<GenericConnectionsOptions, 'nextToken' | 'isClosed'>): Promise<number> {
  for (;;) {
    try {
      return await options.nextToken()
    } catch (cause) {
      if (options.isClosed()) throw cause
      await delay(tokenRetryMs, undefined, { ref: false })
    }
  }
}
