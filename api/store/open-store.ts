import { randomBytes } from 'node:crypto'
import type { FailedEvents } from '../events/queue/failed-events.ts'
import type { EventQueue } from '../events/queue/event-queue.ts'
import type { Catalogue } from '../functions/catalogue/catalogue.ts'
import type { Documents } from '../functions/catalogue/documents.ts'
import { lockDataFolder } from './embedded/database.ts'
import { openEmbeddedStore } from './embedded/embedded-store.ts'
import type { RedisStore } from './redis/redis-store.ts'

/** Everything that is kept but code. */
export interface Store {
  readonly catalogue: Catalogue
  /** What invocations read: goes on with what was known last while the store is away. */
  readonly invocationCatalogue: Pick<Catalogue, 'find' | 'findVersion'>
  readonly documents: Documents
  readonly events: EventQueue
  readonly failedEvents: FailedEvents
  /** What links to this server are signed with. */
  readonly linkKey: Buffer
  /** The store as replicas share it; undefined when it is this process's own. */
  readonly shared?: RedisStore
  /** Ends after the writes under way. */
  close(): Promise<void>
}

export interface StoreOptions {
  readonly dataFolder: string
  readonly redisUrl?: string | undefined
  /** Names this server among its replicas; new with each start. */
  readonly replicaId: string
  readonly log: { info(line: string): void; warn(line: string): void }
  readonly now: () => number
  /** Ends the wait for a store that is not there yet. */
  readonly signal?: AbortSignal | undefined
}

/** Opens Redis where its address is given, else the data folder's database. Either way the folder is this process's own. */
export async function openStore({ dataFolder, redisUrl, ...options }: StoreOptions): Promise<Store> {
  if (redisUrl === undefined) {
    const store = openEmbeddedStore(dataFolder)
    return { ...store, invocationCatalogue: store.catalogue, linkKey: randomBytes(32) }
  }
  const folder = lockDataFolder(dataFolder)
  try {
    // A server without Redis does without the 20 MB of its client.
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
