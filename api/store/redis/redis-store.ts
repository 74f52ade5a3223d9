import { setTimeout as delay } from 'node:timers/promises'
import { LambdaError } from '../../errors.ts'
import type { EnvironmentLeases } from '../../environments/sharing/leases.ts'
import type { PermitLedger } from '../../environments/concurrency/permit-ledger.ts'
import type { ProvisionShares } from '../../environments/provisioning/provision-shares.ts'
import type { FailedEvents } from '../../events/queue/failed-events.ts'
import type { Catalogue } from '../../functions/catalogue/catalogue.ts'
import type { Documents } from '../../functions/catalogue/documents.ts'
import type { RunExclusive } from '../../functions/concurrency/mutex.ts'
import type { Leases } from '../../sources/polling/lease.ts'
import type { Inherit } from './membership/dead-servers.ts'
import { createCatalogueCache } from './catalogue/catalogue-cache.ts'
import { createCatalogueFreshness } from './catalogue/catalogue-freshness.ts'
import { configurationWarnings } from './connection/configuration-warnings.ts'
import { lastKnown, openCatalogue, type ReadableCatalogue } from './catalogue/catalogue.ts'
import { connectToRedis, type ConnectionOptions, type RedisConnection } from './connection/connection.ts'
import { openDocuments } from './catalogue/documents.ts'
import { openEventQueue, type RedisEventQueue } from './events/event-queue.ts'
import { openFailedEvents } from './events/failed-events.ts'
import { catalogueKeys, environmentKeys, eventKeys, permitKeys } from './connection/keys.ts'
import { openLeases } from './leases/source-leases.ts'
import { sharedLinkKey } from './link-key.ts'
import { joinServers, type Membership } from './membership/membership.ts'
import { openEnvironmentLeases } from './leases/environment-leases.ts'
import { openProvisionShares } from './concurrency/provision-shares.ts'
import { openPermitLedger } from './concurrency/permit-ledger.ts'
import { keepSubscribed } from './connection/subscription.ts'
import { sharedMutex } from './leases/shared-mutex.ts'

export interface RedisStoreOptions extends ConnectionOptions {
  /** Names this server among its replicas; new with each start. */
  readonly replicaId: string
  readonly now?: () => number
  /** How long this replica's leases outlive it, in milliseconds. */
  readonly leaseMs?: number
}

/** Everything that replicas share through Redis. */
export interface RedisStore {
  readonly catalogue: Catalogue
  readonly invocationCatalogue: ReadableCatalogue
  readonly documents: Documents
  readonly events: RedisEventQueue
  readonly failedEvents: FailedEvents
  /** Where the replicas acquire permits for invocations. */
  readonly permits: PermitLedger
  /** Which server holds which environment. */
  readonly leases: EnvironmentLeases
  /** Each replica's provisioned environments. */
  readonly provisionShares: ProvisionShares
  /** Called on one server for each dead one, when its permits have passed to this one. */
  onDeath(inherit: Inherit): void
  /** Which server polls which event source. */
  readonly sourceLeases: Leases
  /** A mutex over all servers. */
  readonly runExclusive: RunExclusive
  /** The key that signs links to any replica. */
  readonly linkKey: Buffer
  /** For further scripts. */
  readonly connection: RedisConnection
  /** Calls with the name of each function that another replica changed or removed. */
  readonly onChange: (listener: (functionName: string) => void) => void
  /** Calls when changes of other servers may have been missed, once the subscription is restored. */
  readonly onMissed: (listener: () => void) => void
  /** Releases what this server holds, and closes. */
  close(): Promise<void>
  /** Stops as if the process had died. */
  abandon(): void
}

const checkMs = 1_000

/** The retry interval while Redis temporarily rejects a command of the start. */
const retryMs = 500

/**
 * Opens the store once Redis is available, and retries when the connection is lost meanwhile. Throws an error of one line that names
 * the setting when Redis cannot be used.
 */
export async function openRedisStore(options: RedisStoreOptions): Promise<RedisStore> {
  for (let tries = 0; ; tries++) {
    const connection = await connectToRedis(options)
    const endings = [() => connection.close()]
    try {
      return await openOver(connection, options, endings)
    } catch (fault) {
      for (const end of endings) end()
      if (!(fault instanceof LambdaError)) throw fault
      const reason = fault.cause instanceof Error ? fault.cause.message : fault.message
      if (tries === 0) options.log.warn(`Redis cannot be used yet: ${reason}. Trying again. See KUBELAMBDA_REDIS_URL.`)
      await delay(retryMs, undefined, { signal: options.signal })
    }
  }
}

/** When a step fails, `endings` undo the steps before it. */
async function openOver(
  connection: RedisConnection,
  options: RedisStoreOptions,
  endings: (() => void)[],
): Promise<RedisStore> {
  const { replicaId } = options
  const linkKey = await sharedLinkKey(connection)
  for (const warning of await configurationWarnings(connection)) options.log.warn(warning)
  const cached = openCachedCatalogue(connection, replicaId, () => subscription.renew())
  const { leaseMs } = options
  const events = await openEventQueue({
    connection,
    taker: replicaId,
    now: options.now ?? Date.now,
    ...(leaseMs === undefined ? {} : { leaseMs }),
  })
  endings.push(() => events.abandon())
  const membership = await joinServers({
    connection,
    server: replicaId,
    onFault: (message, cause) => options.log.warn(`${message} ${cause instanceof Error ? cause.message : ''}`),
    ...(leaseMs === undefined ? {} : { leaseMs }),
  })
  const { channels, ...servers } = openServerParts(connection, membership)
  const subscription = keepSubscribed(connection, {
    [catalogueKeys.changes]: cached.freshness.listener,
    [eventKeys.news]: events.newsListener,
    ...channels,
  })
  const checking = setInterval(() => void cached.freshness.check(), checkMs)
  const end = (): void => {
    clearInterval(checking)
    subscription.stop()
    connection.close()
  }
  return {
    catalogue: cached.catalogue,
    invocationCatalogue: cached.invocationCatalogue,
    documents: openDocuments(connection),
    events,
    failedEvents: openFailedEvents(connection),
    ...servers,
    linkKey,
    connection,
    onChange: cached.onChange,
    onMissed: cached.onMissed,
    close: async () => {
      await events.close()
      await membership.close()
      end()
    },
    abandon: () => {
      events.abandon()
      membership.abandon()
      end()
    },
  }
}

/** The state that servers divide among themselves, with the channels that they subscribe to. */
function openServerParts(connection: RedisConnection, membership: Membership) {
  const permits = openPermitLedger(connection, membership)
  const leases = openEnvironmentLeases(connection, membership)
  const sourceLeases = openLeases(connection)
  return {
    permits,
    leases,
    provisionShares: openProvisionShares(connection, membership),
    onDeath: (inherit: Inherit) => membership.onDeath(inherit),
    sourceLeases,
    runExclusive: sharedMutex(sourceLeases, 'turn'),
    channels: {
      [permitKeys.wanted]: { onMessage: (text: string) => permits.hear(text), onUp: () => permits.doubt() },
      [environmentKeys.wanted]: { onMessage: (text: string) => leases.hear(text) },
    },
  }
}

/** The catalogue, with the subscription and the checks that keep its cache up to date. */
function openCachedCatalogue(connection: RedisConnection, replicaId: string, renewSubscription: () => void) {
  const listeners: ((functionName: string) => void)[] = []
  const missing: (() => void)[] = []
  const cache = createCatalogueCache()
  const freshness = createCatalogueFreshness({
    cache,
    newestRevision: async () => Number(await connection.run((redis) => redis.get(catalogueKeys.revision))),
    renewSubscription,
    onChange: ({ name, replica }) => {
      if (replica !== replicaId) for (const listener of listeners) listener(name)
    },
    onMissed: () => missing.forEach((listener) => listener()),
  })
  const parts = { connection, cache, freshness, replicaId }
  const catalogue = openCatalogue(parts)
  const onChange = (listener: (functionName: string) => void): void => void listeners.push(listener)
  const onMissed = (listener: () => void): void => void missing.push(listener)
  return { catalogue, invocationCatalogue: lastKnown(catalogue, parts), freshness, onChange, onMissed }
}
