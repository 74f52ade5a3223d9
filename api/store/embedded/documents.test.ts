import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describeDocuments } from '../../functions/catalogue/documents.contract.ts'
import { openEmbeddedStore } from './embedded-store.ts'

describeDocuments('the SQLite file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'documents-'))
  let store = openEmbeddedStore(folder)
  const reopen = async () => {
    await store.close()
    store = openEmbeddedStore(folder)
    return store.documents
  }
  const close = async () => {
    await store.close()
    rmSync(folder, { recursive: true })
  }
  return Promise.resolve({ documents: store.documents, reopen, close })
})
