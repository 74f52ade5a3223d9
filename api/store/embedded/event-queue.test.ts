import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describeEventQueue } from '../../events/queue/event-queue.contract.ts'
import { openEmbeddedStore } from './embedded-store.ts'

describeEventQueue('the SQLite file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'events-'))
  let store = openEmbeddedStore(folder)
  const reopen = async () => {
    await store.close()
    store = openEmbeddedStore(folder)
    return store.events
  }
  const close = async () => {
    await store.close()
    rmSync(folder, { recursive: true })
  }
  return Promise.resolve({ queue: store.events, reopen, close })
})
