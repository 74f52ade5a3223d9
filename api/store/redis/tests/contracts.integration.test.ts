import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll } from '@jest/globals'
import { describeFailedEvents } from '../../../events/queue/failed-events.contract.ts'
import { describeEventQueue } from '../../../events/queue/event-queue.contract.ts'
import { describeCatalogue } from '../../../functions/catalogue/catalogue.contract.ts'
import { describeDocuments } from '../../../functions/catalogue/documents.contract.ts'
import { openRedisStore } from '../redis-store.ts'
import { describeWithRedis, startCluster, startRedis, type RunningRedis } from '../testing/redis-server.ts'

const log = { info: () => undefined, warn: () => undefined }

interface Started {
  readonly url: string
  readonly nodes: readonly RunningRedis[]
  stop(): Promise<void>
}

async function single(): Promise<Started> {
  const redis = await startRedis()
  return { url: redis.url, nodes: [redis], stop: () => redis.stop() }
}

function describeContracts(kind: string, start: () => Promise<Started>): void {
  describeWithRedis(kind, () => {
    let redis: Started
    beforeAll(async () => {
      redis = await start()
    }, 60_000)
    afterAll(() => redis.stop())

    const open = () => openRedisStore({ url: redis.url, replicaId: randomUUID(), log, leaseMs: 1 })
    const openEmpty = async () => {
      for (const node of redis.nodes) node.cli('flushall')
      let store = await open()
      const reopen = async () => {
        await store.close()
        store = await open()
        return store
      }
      return { store, reopen, close: () => store.close() }
    }
    describeEventQueue(kind, async () => {
      const { store, close } = await openEmpty()
      const stores = [store]
      // What was in flight is ready once the lease has ended, which is at once here, and the next one has looked.
      const reopen = async () => {
        stores.at(-1)?.abandon()
        // A first look after a pause only gives the others time to renew.
        await (await open()).close()
        stores.push(await openRedisStore({ url: redis.url, replicaId: randomUUID(), log, leaseMs: 1 }))
        return stores.at(-1)!.events
      }
      return { queue: store.events, reopen, close: async () => (await stores.at(-1)?.close(), close()) }
    })
    describeFailedEvents(kind, async () => {
      for (const node of redis.nodes) node.cli('flushall')
      const store = await openRedisStore({ url: redis.url, replicaId: randomUUID(), log })
      return { queue: store.events, failedEvents: store.failedEvents, close: () => store.close() }
    })
    describeCatalogue(kind, async () => {
      const { store, reopen, close } = await openEmpty()
      return { catalogue: store.catalogue, reopen: async () => (await reopen()).catalogue, close }
    })
    describeDocuments(kind, async () => {
      const { store, reopen, close } = await openEmpty()
      return { documents: store.documents, reopen: async () => (await reopen()).documents, close }
    })
  })
}

describeContracts('Redis', single)
describeContracts('a Redis Cluster', startCluster)
