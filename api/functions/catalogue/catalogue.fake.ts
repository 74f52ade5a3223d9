import type { Catalogue, Stored } from './catalogue.ts'
import { providersOf } from '../capacity-providers/capacity-use.ts'
import type { FunctionRecord, FunctionVersion } from '../function/function.ts'
import { isDeploying } from '../function/version-state.ts'

/** A catalogue in memory, for tests. It stores copies, as a real one does. */
export function fakeCatalogue(): Catalogue {
  const records = new Map<string, Stored<FunctionRecord>>()
  const versions = new Map<string, Map<string, FunctionVersion>>()
  let revisions = 0
  const isCurrent = (name: string, expected: number) => (records.get(name)?.revision ?? 0) === expected

  return {
    find: async (name) => structuredClone(records.get(name)),
    findVersion: async (name, version) => structuredClone(versions.get(name)?.get(version)),
    save: async ({ record, expectedRevision, versions: saved = [], removedVersions = [] }) => {
      if (!isCurrent(record.name, expectedRevision)) return false
      records.set(record.name, structuredClone({ value: record, revision: ++revisions }))
      const own = versions.get(record.name) ?? new Map<string, FunctionVersion>()
      versions.set(record.name, own)
      for (const version of saved) own.set(version.version, structuredClone(version))
      for (const version of removedVersions) own.delete(version)
      return true
    },
    remove: async (name, expectedRevision) => {
      if (!records.has(name) || !isCurrent(name, expectedRevision)) return false
      records.delete(name)
      versions.delete(name)
      return true
    },
    list: async ({ after = '', limit }) => {
      const byName = [...records.values()].map(({ value }) => value).sort((a, b) => (a.name < b.name ? -1 : 1))
      return structuredClone(byName.filter(({ name }) => name > after).slice(0, limit))
    },
    usage: async () => {
      const published = [...versions.values()].flatMap((own) => [...own.values()])
      const latest = [...records.values()].map(({ value }) => value.latest)
      const codeBytes = [...published, ...latest].reduce((sum, { code }) => sum + code.sizeBytes, 0)
      return { functionCount: records.size, codeBytes }
    },
    underWay: async () =>
      [...records.values()].filter(({ value }) => isDeploying(value)).map(({ value }) => value.name),
    onCapacityProvider: async (provider, { after = '', limit }) => {
      const users = [...records.values()].filter(({ value }) => providersOf(value).includes(provider))
      const names = users.map(({ value }) => value.name).filter((name) => name > after)
      return names.sort((a, b) => (a < b ? -1 : 1)).slice(0, limit)
    },
  }
}
