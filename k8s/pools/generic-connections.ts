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
  /** Whether the server that started a generic environment is no more, so that this one may take it. */
  readonly isOwnerGone: (server: string) => Promise<boolean>
  /** Makes such an environment this server's; false when another one was faster. */
  readonly claim: (id: string) => Promise<boolean>
  readonly removal: PodRemoval
  readonly isClosed: () => boolean
}

/** Connects to pods that belong to no function yet, each once, and offers them to their pools. */
export interface GenericConnections {
  connect(pod: V1Pod, pool: EnvironmentPool): void
  /** Whether this server has begun the pod, in this life or an earlier one. */
  isOwn(pod: V1Pod): boolean
  /** Ends a pod that cannot start and that nobody waits for: its server is gone, or gave it up. */
  endStranded(pod: V1Pod): Promise<void>
  /** The pod is gone. */
  forget(name: string): void
  /** Resolves when all that was begun is connected or given up, or a short deadline is over. */
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
      const isOthers = async () => !(await options.isOwnerGone(ownerOf(pod))) || !(await options.claim(name))
      if (!isOwn(pod) && (await isOthers())) return
      pool.expect(name)
      const { socket, status, answersPings } = await reachPod(pod, await nextToken(options), connectMs)
      if (status.state === 'generic' && !options.isClosed()) {
        pooled.add(name)
        pool.offer({ name, namespace, socket, answersPings })
        return
      }
      socket.destroy()
      pool.forgo(name)
      // Assigned by a server that ended before it could say so.
      if (status.state !== 'generic') removal.end(name, namespace)
    } catch (cause) {
      // Another server's may be in use there.
      if (isOwn(pod)) removal.end(name, namespace)
      pool.lose(name, new Error(`The supervisor of pod ${name} cannot be reached: ${(cause as Error).message}`), false)
    }
  }

  return {
    connect(pod, pool) {
      const name = nameOf(pod)
      if (connecting.has(name) || pooled.has(name)) return
      // What nobody needs here is left to the server that started it, and to those that need it.
      if (pool.isAsleep && !pool.isStarting(name)) return
      connecting.set(
        name,
        connect(pod, pool).finally(() => connecting.delete(name)),
      )
    },
    isOwn,
    async endStranded(pod) {
      // Whoever cannot tell now looks again later.
      const isNobodys = isOwn(pod) || (await options.isOwnerGone(ownerOf(pod)).catch(() => false))
      if (isNobodys) removal.end(nameOf(pod), pod.metadata?.namespace ?? '')
    },
    forget(name) {
      pooled.delete(name)
    },
    async settled() {
      await Promise.race([Promise.all(connecting.values()), delay(settledMs, undefined, { ref: false })])
    },
  }
}

/** A pod is not to blame for a store that is away, and waits for it. */
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
