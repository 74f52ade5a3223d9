import type { Stored } from '../../../functions/catalogue/catalogue.ts'
import type { DocumentKey, DocumentPage, Documents, ListedDocument } from '../../../functions/catalogue/documents.ts'
import type { RedisConnection } from '../connection/connection.ts'
import { documentKeys } from '../connection/keys.ts'
import { pairsOf, storedOf } from './replies.ts'
import { loadScript } from '../connection/script.ts'

/** Documents in Redis, without a cache. */
export function openDocuments(connection: RedisConnection): Documents {
  const saveDocument = loadScript(connection, 'save-document', import.meta.url)
  const removeDocument = loadScript(connection, 'remove-document', import.meta.url)
  const listDocuments = loadScript(connection, 'list-documents', import.meta.url)
  return {
    find: async <Value>(key: DocumentKey): Promise<Stored<Value> | undefined> => {
      const name = documentKeys.document(key)
      return storedOf(await connection.run((redis) => redis.hmget(name, 'revision', 'document')))
    },
    save: async (key, value, expectedRevision) => {
      const keys = [documentKeys.document(key), documentKeys.ids(key.kind), documentKeys.revision]
      return (await saveDocument(keys, [key.id, expectedRevision, JSON.stringify(value)])) === 1
    },
    remove: async (key, expectedRevision) => {
      const keys = [documentKeys.document(key), documentKeys.ids(key.kind)]
      return (await removeDocument(keys, [key.id, expectedRevision])) === 1
    },
    list: async <Value>({ kind, limit, ...page }: DocumentPage): Promise<ListedDocument<Value>[]> => {
      const args = [documentKeys.prefix(kind), lowerBound(page), upperBound(page), limit]
      const listed = await listDocuments([documentKeys.ids(kind)], args)
      return pairsOf(listed).map(([id, document]) => ({ id, value: JSON.parse(document) as Value }))
    },
  }
}

function lowerBound({ prefix = '', after }: Omit<DocumentPage, 'kind' | 'limit'>): string {
  const isBehindPrefix = after !== undefined && Buffer.compare(Buffer.from(after), Buffer.from(prefix)) >= 0
  return isBehindPrefix ? `(${after}` : `[${prefix}`
}

/** No byte of UTF-8 is 255, so this sorts after every id with the prefix. */
function upperBound({ prefix = '' }: { prefix?: string }): Uint8Array {
  return Buffer.concat([Buffer.from(`(${prefix}`), Buffer.from([0xff])])
}
