import type { DatabaseSync } from 'node:sqlite'
import type { Stored } from '../../functions/catalogue/catalogue.ts'
import type { DocumentKey, DocumentPage, Documents, ListedDocument } from '../../functions/catalogue/documents.ts'
import { promiseOf, type Transactions } from './transactions.ts'

/** Documents in SQLite. Their revisions come from the same counter as the functions'. */
export function openDocuments(database: DatabaseSync, transactions: Transactions): Documents {
  const statements = prepare(database)
  const save = ({ kind, id }: DocumentKey, value: object, expectedRevision: number): boolean => {
    const document = JSON.stringify(value)
    const saved =
      expectedRevision === 0
        ? statements.create.run(kind, id, document)
        : statements.update.run(document, kind, id, expectedRevision)
    if (saved.changes === 0) return false
    statements.countRevision.run()
    return true
  }
  return {
    find: <Value>({ kind, id }: DocumentKey) =>
      promiseOf((): Stored<Value> | undefined => {
        const row = statements.find.get(kind, id)
        return row && { value: JSON.parse(row['document'] as string) as Value, revision: Number(row['revision']) }
      }),
    save: (key, value, expectedRevision) =>
      promiseOf(() => transactions.synced(() => save(key, value, expectedRevision))),
    remove: ({ kind, id }, expectedRevision) =>
      promiseOf(() => transactions.synced(() => statements.remove.run(kind, id, expectedRevision).changes > 0)),
    list: <Value>({ kind, prefix = '', after = '', limit }: DocumentPage) =>
      promiseOf(() =>
        statements.list.all(kind, after, prefix, limit).map((row): ListedDocument<Value> => ({
          id: row['id'] as string,
          value: JSON.parse(row['document'] as string) as Value,
        })),
      ),
  }
}

function prepare(database: DatabaseSync) {
  const sql = (text: string) => database.prepare(text)
  const nextRevision = '(SELECT newest + 1 FROM revisions)'
  return {
    find: sql('SELECT revision, document FROM documents WHERE kind = ? AND id = ?'),
    create: sql(
      `INSERT INTO documents (kind, id, revision, document) VALUES (?, ?, ${nextRevision}, ?) ON CONFLICT DO NOTHING`,
    ),
    update: sql(
      `UPDATE documents SET revision = ${nextRevision}, document = ? WHERE kind = ? AND id = ? AND revision = ?`,
    ),
    countRevision: sql('UPDATE revisions SET newest = newest + 1'),
    remove: sql('DELETE FROM documents WHERE kind = ? AND id = ? AND revision = ?'),
    list: sql(
      `SELECT id, document FROM documents
       WHERE kind = ?1 AND id > ?2 AND id >= ?3 AND substr(id, 1, length(?3)) = ?3 ORDER BY id LIMIT ?4`,
    ),
  }
}
