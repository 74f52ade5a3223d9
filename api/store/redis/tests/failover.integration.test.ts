import { expect, test } from '@jest/globals'
import { openRedisStore, type RedisStore } from '../redis-store.ts'
import { describeWithRedis, eventually, startCluster } from '../testing/redis-server.ts'
import { startWithSentinel } from '../testing/sentinel.ts'

const log = { info: () => undefined, warn: () => undefined }
const kind = 'layer'

/** Saves until it is saved; what is refused meanwhile must be a 503, which may have been carried out all the same. */
async function savesAgain(store: RedisStore, id: string): Promise<void> {
  const key = { kind, id } as const
  await eventually(async () => {
    try {
      return (await store.documents.save(key, { id }, 0)) || (await store.documents.find(key)) !== undefined
    } catch (fault) {
      expect(fault).toMatchObject({ name: 'ServiceException', status: 503 })
      return false
    }
  }, 60_000)
}

describeWithRedis('a master that dies', () => {
  test('is replaced by the replica that Sentinel chooses, without a restart of the server', async () => {
    const { master, replica, url, stop } = await startWithSentinel()
    const store = await openRedisStore({ url, replicaId: 'a', log })
    try {
      await store.documents.save({ kind, id: 'before' }, {}, 0)
      await eventually(() => replica.cli('dbsize') === master.cli('dbsize'))
      await master.signal('SIGKILL')
      await savesAgain(store, 'after')
      expect(replica.cli('role')).toMatch(/^master/)
      expect(await store.documents.find({ kind, id: 'before' })).toBeDefined()
    } finally {
      await store.close()
      await stop()
    }
  }, 120_000)

  test('of a Cluster is replaced by its replica, without a restart of the server', async () => {
    const cluster = await startCluster()
    const store = await openRedisStore({ url: cluster.url, replicaId: 'a', log })
    try {
      await store.documents.save({ kind, id: 'before' }, {}, 0)
      const owns = (text: string) => /^master/.test(text)
      const masters = cluster.nodes.filter((node) => owns(node.cli('role')) && node.cli('dbsize') !== '0')
      for (const master of masters) {
        await master.signal('SIGKILL')
        await savesAgain(store, `without ${String(master.port)}`)
        await master.restart()
        await eventually(
          () => cluster.nodes.every((node) => /cluster_state:ok/.test(node.cli('cluster', 'info'))),
          60_000,
        )
      }
      expect(masters.length).toBeGreaterThan(0)
      expect(await store.documents.find({ kind, id: 'before' })).toBeDefined()
    } finally {
      await store.close()
      await cluster.stop()
    }
  }, 180_000)
})
