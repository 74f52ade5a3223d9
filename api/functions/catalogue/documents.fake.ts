import type { Stored } from './catalogue.ts'
import type { DocumentKey, DocumentPage, Documents, ListedDocument } from './documents.ts'

/** Documents in memory, for tests. It stores copies, as a real store does. */
export function fakeDocuments(): Documents {
  const stored = new Map<string, Stored<object> & DocumentKey>()
  let revisions = 0
  const nameOf = ({ kind, id }: DocumentKey) => `${kind} ${id}`
  const isCurrent = (key: DocumentKey, expected: number) => (stored.get(nameOf(key))?.revision ?? 0) === expected
  return {
    find: async <Value>(key: DocumentKey) => {
      const found = stored.get(nameOf(key))
      return found && (structuredClone({ value: found.value, revision: found.revision }) as Stored<Value>)
    },
    save: async (key, value, expectedRevision) => {
      if (!isCurrent(key, expectedRevision)) return false
      stored.set(nameOf(key), { ...key, value: structuredClone(value), revision: ++revisions })
      return true
    },
    remove: async (key, expectedRevision) => {
      if (!stored.has(nameOf(key)) || !isCurrent(key, expectedRevision)) return false
      return stored.delete(nameOf(key))
    },
    list: async <Value>({ kind, prefix = '', after, limit }: DocumentPage) =>
      [...stored.values()]
        .filter((each) => each.kind === kind && each.id.startsWith(prefix) && (after === undefined || each.id > after))
        .sort((one, other) => (one.id < other.id ? -1 : 1))
        .slice(0, limit)
        .map(({ id, value }) => structuredClone({ id, value }) as ListedDocument<Value>),
  }
}
