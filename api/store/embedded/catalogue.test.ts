import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describeCatalogue } from '../../functions/catalogue/catalogue.contract.ts'
import { openEmbeddedStore } from './embedded-store.ts'

describeCatalogue('the SQLite file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'catalogue-'))
  let store = openEmbeddedStore(folder)
  const reopen = async () => {
    await store.close()
    store = openEmbeddedStore(folder)
    return store.catalogue
  }
  const close = async () => {
    await store.close()
    rmSync(folder, { recursive: true })
  }
  return Promise.resolve({ catalogue: store.catalogue, reopen, close })
})
