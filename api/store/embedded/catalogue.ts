import type { DatabaseSync } from 'node:sqlite'
import type { Catalogue, CatalogueChange, Stored } from '../../functions/catalogue/catalogue.ts'
import { providersOf } from '../../functions/capacity-providers/capacity-use.ts'
import type { FunctionRecord, FunctionVersion } from '../../functions/function/function.ts'
import { promiseOf, type Transactions } from './transactions.ts'

const maxCachedRecords = 1000

/**
 * The catalogue in SQLite. A record and its versions are JSON documents, keyed by name. Recently read records are cached in memory in
 * parsed form, since no other process opens the file.
 */
export function openCatalogue(database: DatabaseSync, transactions: Transactions): Catalogue {
  const statements = prepare(database)
  const cache = new Map<string, Stored<FunctionRecord>>()

  const load = (name: string): Stored<FunctionRecord> | undefined => {
    const row = statements.find.get(name)
    return row && remember(cache, name, { value: parse(row) as FunctionRecord, revision: Number(row['revision']) })
  }

  const saveAll = ({ record, expectedRevision, versions = [], removedVersions = [] }: CatalogueChange): boolean => {
    const { name, latest } = record
    const [document, bytes] = [JSON.stringify(record), latest.code.sizeBytes]
    const saved =
      expectedRevision === 0
        ? statements.create.run(name, bytes, document)
        : statements.update.run(bytes, document, name, expectedRevision)
    if (saved.changes === 0) return false
    statements.countRevision.run()
    for (const version of versions) {
      statements.saveVersion.run(name, version.version, version.code.sizeBytes, JSON.stringify(version))
    }
    for (const version of removedVersions) statements.removeVersion.run(name, version)
    statements.removeUses.run(name)
    for (const provider of providersOf(record)) statements.addUse.run(provider, name)
    return true
  }

  const removeAll = (name: string, expectedRevision: number): boolean => {
    if (statements.remove.run(name, expectedRevision).changes === 0) return false
    statements.removeVersions.run(name)
    statements.removeUses.run(name)
    return true
  }

  const save = (change: CatalogueChange): boolean => {
    cache.delete(change.record.name)
    return transactions.synced(() => saveAll(change))
  }
  const remove = (name: string, expectedRevision: number): boolean => {
    cache.delete(name)
    return transactions.synced(() => removeAll(name, expectedRevision))
  }

  return {
    find: (name) => promiseOf(() => cache.get(name) ?? load(name)),
    findVersion: (name, version) =>
      promiseOf(() => {
        const row = statements.findVersion.get(name, version)
        return row && (parse(row) as FunctionVersion)
      }),
    save: (change) => promiseOf(() => save(change)),
    remove: (name, expectedRevision) => promiseOf(() => remove(name, expectedRevision)),
    list: ({ after = '', limit }) =>
      promiseOf(() => statements.list.all(after, limit).map((row) => parse(row) as FunctionRecord)),
    usage: () =>
      promiseOf(() => {
        const row = statements.usage.get()
        return { functionCount: Number(row?.['function_count']), codeBytes: Number(row?.['code_bytes']) }
      }),
    underWay: () => promiseOf(() => statements.underWay.all().map((row) => row['name'] as string)),
    onCapacityProvider: (provider, { after = '', limit }) =>
      promiseOf(() => statements.users.all(provider, after, limit).map((row) => row['function'] as string)),
  }
}

/** Caches a record, and evicts the oldest one when the cache is full. */
function remember(
  cache: Map<string, Stored<FunctionRecord>>,
  name: string,
  stored: Stored<FunctionRecord>,
): Stored<FunctionRecord> {
  for (const oldest of cache.keys()) {
    if (cache.size < maxCachedRecords) break
    cache.delete(oldest)
  }
  cache.set(name, stored)
  return stored
}

function parse(row: Record<string, unknown>): unknown {
  return JSON.parse(row['document'] as string)
}

const nextRevision = '(SELECT newest + 1 FROM revisions)'

function prepare(database: DatabaseSync) {
  const sql = (text: string) => database.prepare(text)
  return {
    find: sql('SELECT revision, document FROM functions WHERE name = ?'),
    create: sql(
      `INSERT INTO functions (name, revision, code_bytes, document) VALUES (?, ${nextRevision}, ?, ?) ON CONFLICT DO NOTHING`,
    ),
    update: sql(
      `UPDATE functions SET revision = ${nextRevision}, code_bytes = ?, document = ? WHERE name = ? AND revision = ?`,
    ),
    countRevision: sql('UPDATE revisions SET newest = newest + 1'),
    remove: sql('DELETE FROM functions WHERE name = ? AND revision = ?'),
    list: sql('SELECT document FROM functions WHERE name > ? ORDER BY name LIMIT ?'),
    // Reads every document; called once per start.
    underWay: sql(
      `SELECT name FROM functions
       WHERE document ->> '$.latest.state' = 'Pending' OR document ->> '$.latest.updateStatus' = 'InProgress'
          OR document ->> '$.activating' IS NOT NULL`,
    ),
    users: sql('SELECT function FROM capacity_uses WHERE provider = ? AND function > ? ORDER BY function LIMIT ?'),
    addUse: sql('INSERT INTO capacity_uses (provider, function) VALUES (?, ?)'),
    removeUses: sql('DELETE FROM capacity_uses WHERE function = ?'),
    findVersion: sql('SELECT document FROM versions WHERE function = ? AND version = ?'),
    saveVersion: sql('INSERT OR REPLACE INTO versions (function, version, code_bytes, document) VALUES (?, ?, ?, ?)'),
    removeVersion: sql('DELETE FROM versions WHERE function = ? AND version = ?'),
    removeVersions: sql('DELETE FROM versions WHERE function = ?'),
    // Both sums read only a small index, never the documents.
    usage: sql(`
      SELECT (SELECT count(*) FROM functions) AS function_count,
             (SELECT coalesce(sum(code_bytes), 0) FROM functions) + (SELECT coalesce(sum(code_bytes), 0) FROM versions) AS code_bytes`),
  }
}
