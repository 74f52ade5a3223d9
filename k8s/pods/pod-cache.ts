import type { V1Pod } from '@kubernetes/client-node'
import { watchPods, type PodWatch, type PodWatchOptions } from './pod-watch.ts'

/** The watched pods of all namespaces for functions. Their names are unique across namespaces. */
export interface PodCache {
  find(name: string): V1Pod | undefined
  all(): V1Pod[]
  close(): void
}

export interface PodCacheOptions extends Omit<PodWatchOptions, 'namespace'> {
  readonly namespaces: readonly string[]
}

/** Watches the pods of each namespace. A fault is reported once while any watch is broken. */
export async function openPodCache(options: PodCacheOptions): Promise<PodCache> {
  const broken = new Set<string>()
  const begin = (namespace: string): Promise<PodWatch> =>
    watchPods({
      ...options,
      namespace,
      onFault: (fault) => {
        if (broken.size === 0) options.onFault(fault)
        broken.add(namespace)
      },
      onRecovered: () => {
        broken.delete(namespace)
        if (broken.size === 0) options.onRecovered()
      },
    })
  const begun = await Promise.allSettled(options.namespaces.map(begin))
  const watches = begun.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
  const failed = begun.find((each) => each.status === 'rejected')
  const close = (): void => watches.forEach((watch) => watch.close())
  if (failed !== undefined) {
    close()
    throw failed.reason
  }
  return {
    find: (name) => watches.map(({ pods }) => pods.get(name)).find((pod) => pod !== undefined),
    all: () => watches.flatMap(({ pods }) => [...pods.values()]),
    close,
  }
}
