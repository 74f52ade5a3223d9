import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals'
import type { Catalogue } from '../../functions/catalogue/catalogue.ts'
import type { Documents } from '../../functions/catalogue/documents.ts'
import { startControlPlane } from '../../routes/testing/control-plane.ts'
import { openEmbeddedStore } from '../embedded/embedded-store.ts'
import { openRedisStore } from '../redis/redis-store.ts'
import { describeWithRedis, startRedis, type RunningRedis } from '../redis/testing/redis-server.ts'

interface OpenStore {
  readonly catalogue: Catalogue
  readonly documents: Documents
  close(): Promise<void>
}

function describeIds(kind: string, open: () => Promise<OpenStore>): void {
  let store: OpenStore | undefined
  afterEach(async () => {
    await store?.close()
    store = undefined
  })

  test(`${kind}: the ids of URLs go with the URL and the function, those of deleted aliases with the function`, async () => {
    store = await open()
    const { catalogue, documents } = store
    const server = startControlPlane({ catalogue, documents })
    const ids = async () => (await documents.list({ kind: 'function-url', limit: 10 })).length
    await server.create('f')
    await server.create('other')
    await server.call('PublishVersion', { FunctionName: 'f' })
    for (const Name of ['live', 'next']) {
      await server.call('CreateAlias', { FunctionName: 'f', Name, FunctionVersion: '1' })
      await server.call('CreateFunctionUrlConfig', { FunctionName: 'f', Qualifier: Name, AuthType: 'NONE' })
    }
    for (const FunctionName of ['f', 'other']) {
      await server.call('CreateFunctionUrlConfig', { FunctionName, AuthType: 'NONE' })
    }
    expect(await ids()).toBe(4)
    await server.call('UpdateFunctionUrlConfig', { FunctionName: 'f', AuthType: 'AWS_IAM' })
    await server.call('UpdateAlias', { FunctionName: 'f', Name: 'live', Description: 'd' })
    expect(await ids()).toBe(4)
    await server.call('DeleteAlias', { FunctionName: 'f', Name: 'live' })
    // It goes on answering that its alias is gone.
    expect(await ids()).toBe(4)
    await server.call('DeleteFunctionUrlConfig', { FunctionName: 'other' })
    expect(await ids()).toBe(3)
    await server.call('DeleteFunction', { FunctionName: 'f' })
    expect(await ids()).toBe(0)
    expect(server.faults).toEqual([])
  })
}

describeIds('the SQLite file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'function-url-ids-'))
  const store = openEmbeddedStore(folder)
  const close = async () => {
    await store.close()
    rmSync(folder, { recursive: true })
  }
  return Promise.resolve({ catalogue: store.catalogue, documents: store.documents, close })
})

describeWithRedis('Redis', () => {
  let redis: RunningRedis
  beforeAll(async () => {
    redis = await startRedis()
  }, 60_000)
  afterAll(() => redis.stop())

  describeIds('Redis', () => {
    const log = { info: () => undefined, warn: () => undefined }
    return openRedisStore({ url: redis.url, replicaId: randomUUID(), log })
  })
})
