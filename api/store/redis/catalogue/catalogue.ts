import { LambdaError } from '../../../errors.ts'
import type { Catalogue, CatalogueChange, Stored } from '../../../functions/catalogue/catalogue.ts'
import { providersOf } from '../../../functions/capacity-providers/capacity-use.ts'
import { isDeploying } from '../../../functions/function/version-state.ts'
import type { FunctionRecord, FunctionVersion } from '../../../functions/function/function.ts'
import type { CachedFunction, CatalogueCache } from './catalogue-cache.ts'
import type { CatalogueFreshness } from './catalogue-freshness.ts'
import type { RedisConnection } from '../connection/connection.ts'
import { catalogueKeys } from '../connection/keys.ts'
import { pairsOf, storedOf } from './replies.ts'
import { loadScript } from '../connection/script.ts'

export interface CatalogueParts {
  readonly connection: RedisConnection
  readonly cache: CatalogueCache
  readonly freshness: CatalogueFreshness
  readonly replicaId: string
}

/** The part of the catalogue that invocations use. */
export type ReadableCatalogue = Pick<Catalogue, 'find' | 'findVersion'>

/**
 * The catalogue in Redis, with a cache of recent reads. A replica sees its own saves at once, and those of others as soon as it
 * receives the message that each save publishes, usually within a millisecond. When a message is lost,
 * `catalogue-freshness.ts` notices within three seconds. While the subscription is down, each read goes to Redis.
 */
export function openCatalogue(parts: CatalogueParts): Catalogue {
  const { connection, cache, freshness, replicaId } = parts
  const saveFunction = loadScript(connection, 'save-function', import.meta.url)
  const removeFunction = loadScript(connection, 'remove-function', import.meta.url)
  const listDocuments = loadScript(connection, 'list-documents', import.meta.url)
  const known = (name: string): CachedFunction | undefined => (freshness.isCurrent() ? cache.known(name) : undefined)
  const load = (name: string) =>
    cache.load(
      name,
      () => readRecord(connection, name),
      (place, record) => (place.record = record),
    )

  return {
    find: async (name) => {
      const record = known(name)?.record ?? (await load(name))
      // The cached state of a removed function must not reappear when Redis is unavailable.
      if (record === undefined) cache.forget(name)
      return record
    },
    findVersion: async (name, version) =>
      known(name)?.versions.get(version) ??
      cache.load(
        name,
        () => readVersion(connection, name, version),
        (place, found) => place.versions.set(version, found),
      ),
    save: async (change) => {
      try {
        return (await saveFunction(functionKeys(change.record.name), saveArguments(change, replicaId))) !== 0
      } finally {
        cache.forget(change.record.name)
      }
    },
    remove: async (name, expectedRevision) => {
      try {
        const args = [name, expectedRevision, replicaId, catalogueKeys.changes]
        return (await removeFunction(functionKeys(name), args)) !== 0
      } finally {
        cache.forget(name)
      }
    },
    list: async ({ after, limit }) => {
      const args = [catalogueKeys.recordPrefix, after === undefined ? '-' : `(${after}`, '+', limit]
      const listed = pairsOf(await listDocuments([catalogueKeys.names], args))
      return listed.map(([, document]) => JSON.parse(document) as FunctionRecord)
    },
    usage: async () => {
      const [functionCount, codeBytes] = await connection.run((redis) =>
        Promise.all([redis.zcard(catalogueKeys.names), redis.get(catalogueKeys.totalCodeBytes)]),
      )
      return { functionCount, codeBytes: Number(codeBytes ?? 0) }
    },
    underWay: () => connection.run((redis) => redis.smembers(catalogueKeys.underWay)),
    onCapacityProvider: (provider, page) => readUses(connection, provider, page),
  }
}

/**
 * The catalogue for invocations, which serves the last known state while Redis is unavailable. The leases of environments
 * limit how long code may run without Redis.
 */
export function lastKnown(catalogue: Catalogue, { cache, freshness }: CatalogueParts): ReadableCatalogue {
  const orKnown = async <Value>(read: () => Promise<Value>, recall: () => Value | undefined): Promise<Value> => {
    const recalled = freshness.isReachable() ? undefined : recall()
    if (recalled !== undefined) return recalled
    try {
      return await read()
    } catch (fault) {
      const known = fault instanceof LambdaError ? recall() : undefined
      if (known === undefined) throw fault
      return known
    }
  }
  return {
    find: (name) =>
      orKnown(
        () => catalogue.find(name),
        () => cache.recall(name)?.record,
      ),
    findVersion: (name, version) =>
      orKnown(
        () => catalogue.findVersion(name, version),
        () => cache.recall(name)?.versions.get(version),
      ),
  }
}

async function readRecord(connection: RedisConnection, name: string): Promise<Stored<FunctionRecord> | undefined> {
  const key = catalogueKeys.record(name)
  return storedOf(await connection.run((redis) => redis.hmget(key, 'revision', 'document')))
}

async function readVersion(
  connection: RedisConnection,
  name: string,
  version: string,
): Promise<FunctionVersion | undefined> {
  const document = await connection.run((redis) => redis.hget(catalogueKeys.versions(name), version))
  return document === null ? undefined : (JSON.parse(document) as FunctionVersion)
}

async function readUses(
  connection: RedisConnection,
  provider: string,
  { after, limit }: { readonly after?: string; readonly limit: number },
): Promise<string[]> {
  const from = after === undefined ? `[${provider}:` : `(${provider}:${after}`
  // `;` is the character after `:`.
  const to = `(${provider};`
  const uses = await connection.run((redis) =>
    redis.zrangebylex(catalogueKeys.capacityUses, from, to, 'LIMIT', 0, limit),
  )
  return uses.map((use) => use.slice(provider.length + 1))
}

function functionKeys(name: string): string[] {
  const { record, versions, codeBytes, names, underWay, revision, totalCodeBytes, capacityUses } = catalogueKeys
  return [record(name), versions(name), codeBytes(name), names, underWay, revision, totalCodeBytes, capacityUses]
}

function saveArguments(change: CatalogueChange, replicaId: string): (string | number)[] {
  const { record, expectedRevision, versions = [], removedVersions = [] } = change
  const { latest } = record
  return [
    ...[record.name, expectedRevision, JSON.stringify(record), latest.code.sizeBytes],
    ...[isDeploying(record) ? 1 : 0, replicaId, catalogueKeys.changes, providersOf(record).join(' '), versions.length],
    ...versions.flatMap((version) => [version.version, version.code.sizeBytes, JSON.stringify(version)]),
    ...removedVersions,
  ]
}
