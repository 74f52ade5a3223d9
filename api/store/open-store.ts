import { randomBytes } from 'node:crypto'
import type { FailedEvents } from '../events/queue/failed-events.ts'
import type { EventQueue } from '../events/queue/event-queue.ts'
import type { Catalogue } from '../functions/catalogue/catalogue.ts'
import type { Documents } from '../functions/catalogue/documents.ts'
import { lockDataFolder } from './embedded/database.ts'
import { openEmbeddedStore } from './embedded/embedded-store.ts'
import type { RedisStore } from './redis/redis-store.ts'

/** All persistent state except code. */
export interface Store {
  readonly catalogue: Catalogue
  /** The catalogue for invocations, which serves the last known state while the store is unavailable. */
  readonly invocationCatalogue: Pick<Catalogue, 'find' | 'findVersion'>
  readonly documents: Documents
  readonly events: EventQueue
  readonly failedEvents: FailedEvents
  /** The key that signs links to this server. */
  readonly linkKey: Buffer
  /** The store that replicas share; undefined when this process has its own. */
  readonly shared?: RedisStore
  /** Closes after the pending writes. */
  close(): Promise<void>
}

export interface StoreOptions {
  readonly dataFolder: string
  readonly redisUrl?: string | undefined
  /** Names this server among its replicas; new with each start. */
  readonly replicaId: string
  readonly log: { info(line: string): void; warn(line: string): void }
  readonly now: () => number
  /** Aborts the wait for a store that is not reachable yet. */
  readonly signal?: AbortSignal | undefined
}

/** Opens Redis if its address is configured, else the database in the data folder. Either way the folder belongs to this process alone. */
export async function openStore({ dataFolder, redisUrl, ...options }: StoreOptions): Promise<Store> {
  if (redisUrl === undefined) {
    const store = openEmbeddedStore(dataFolder, options.log)
    return { ...store, invocationCatalogue: store.catalogue, linkKey: randomBytes(32) }
  }
  const folder = lockDataFolder(dataFolder)
  try {
    // A server without Redis saves the 20 MB of memory that the client takes.
    const { openRedisStore } = await import('./redis/redis-store.ts')
    const shared = await openRedisStore({ url: redisUrl, ...options })
    const close = async () => {
      await shared.close()
      folder.release()
    }
    const { catalogue, invocationCatalogue, documents, events, failedEvents, linkKey } = shared
    return { catalogue, invocationCatalogue, documents, events, failedEvents, linkKey, shared, close }
  } catch (fault) {
    folder.release()
    throw fault
  }
}
