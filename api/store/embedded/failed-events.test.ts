import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describeFailedEvents } from '../../events/queue/failed-events.contract.ts'
import { openEmbeddedStore } from './embedded-store.ts'

describeFailedEvents('the embedded store', () => {
  const folder = mkdtempSync(join(tmpdir(), 'failed-events-'))
  const store = openEmbeddedStore(folder)
  const close = async () => {
    await store.close()
    rmSync(folder, { recursive: true })
  }
  return Promise.resolve({ queue: store.events, failedEvents: store.failedEvents, close })
})
