import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from '@jest/globals'
import { fakeCatalogue } from '../../functions/catalogue/catalogue.fake.ts'
import { fakeDocuments } from '../../functions/catalogue/documents.fake.ts'
import { describeRandomChanges } from '../../routes/testing/random-changes.contract.ts'
import { openEmbeddedStore } from '../embedded/embedded-store.ts'
import { openRedisStore } from '../redis/redis-store.ts'
import { describeWithRedis, startRedis, type RunningRedis } from '../redis/testing/redis-server.ts'

describeRandomChanges('memory', () => {
  const store = { catalogue: fakeCatalogue(), documents: fakeDocuments() }
  return Promise.resolve({ ...store, reopen: () => Promise.resolve(store), close: () => Promise.resolve() })
})

describeRandomChanges('the SQLite file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'random-changes-'))
  let store = openEmbeddedStore(folder)
  const reopen = async () => {
    await store.close()
    store = openEmbeddedStore(folder)
    return store
  }
  const close = async () => {
    await store.close()
    rmSync(folder, { recursive: true })
  }
  return Promise.resolve({ catalogue: store.catalogue, documents: store.documents, reopen, close })
})

describeWithRedis('Redis', () => {
  let redis: RunningRedis
  beforeAll(async () => {
    redis = await startRedis()
  }, 60_000)
  afterAll(() => redis.stop())

  describeRandomChanges('Redis', async () => {
    redis.cli('flushall')
    const log = { info: () => undefined, warn: () => undefined }
    const open = () => openRedisStore({ url: redis.url, replicaId: randomUUID(), log })
    let store = await open()
    const reopen = async () => {
      await store.close()
      store = await open()
      return store
    }
    return { catalogue: store.catalogue, documents: store.documents, reopen, close: () => store.close() }
  })
})
