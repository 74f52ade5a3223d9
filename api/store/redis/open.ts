import type { Catalogue } from '../../functions/catalogue.ts'
import type { Documents } from '../../functions/documents.ts'
import { createCatalogueCache } from './catalogue-cache.ts'
import { createCatalogueFreshness } from './catalogue-freshness.ts'
import { lastKnown, openCatalogue, type ReadableCatalogue } from './catalogue.ts'
import { connectToRedis, type ConnectionOptions, type RedisConnection } from './connection.ts'
import { openDocuments } from './documents.ts'
import { catalogueKeys } from './keys.ts'
import { keepSubscribed } from './subscription.ts'

export interface RedisStoreOptions extends ConnectionOptions {
  /** Names this server among its replicas; new with each start. */
  readonly replicaId: string
}

/** Everything that Redis keeps for all replicas. */
export interface RedisStore {
  readonly catalogue: Catalogue
  readonly invocationCatalogue: ReadableCatalogue
  readonly documents: Documents
  /** For further scripts. */
  readonly connection: RedisConnection
  /** Calls with the name of each function that another replica changed or removed. */
  onChange(listener: (functionName: string) => void): void
  close(): Promise<void>
}

const checkMs = 1_000

/** Opens the store; a Redis that cannot be used is an error of one line that names the setting. */
export async function openRedisStore(options: RedisStoreOptions): Promise<RedisStore> {
  const { replicaId } = options
  const connection = await connectToRedis(options)
  const changeListeners: ((functionName: string) => void)[] = []
  const cache = createCatalogueCache()
  const freshness = createCatalogueFreshness({
    cache,
    newestRevision: async () => Number(await connection.run((redis) => redis.get(catalogueKeys.revision))),
    renewSubscription: () => subscription.renew(),
    onChange: ({ name, replica }) => {
      if (replica !== replicaId) for (const listener of changeListeners) listener(name)
    },
  })
  const subscription = keepSubscribed(connection, { [catalogueKeys.changes]: freshness.listener })
  const checking = setInterval(() => void freshness.check(), checkMs)
  const parts = { connection, cache, freshness, replicaId }
  const catalogue = openCatalogue(parts)
  return {
    catalogue,
    invocationCatalogue: lastKnown(catalogue, parts),
    documents: openDocuments(connection),
    connection,
    onChange: (listener) => void changeListeners.push(listener),
    close: () => {
      clearInterval(checking)
      subscription.stop()
      connection.close()
      return Promise.resolve()
    },
  }
}
