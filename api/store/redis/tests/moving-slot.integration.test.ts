import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { anEvent, aProgress } from '../../../events/testing/samples.ts'
import { eventKeys } from '../connection/keys.ts'
import { openRedisStore, type RedisStore } from '../redis-store.ts'
import { describeWithRedis, eventually, freePort, startRedis, type RunningRedis } from '../testing/redis-server.ts'

const log = { info: () => undefined, warn: () => undefined }
const slots = ['0', '16383']

async function startNode(): Promise<RunningRedis> {
  const settings = ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1']
  return startRedis(settings, await freePort(20_000))
}

describeWithRedis('a slot of a cluster that moves', () => {
  let owner: RunningRedis
  let target: RunningRedis
  let stores: RedisStore[]
  const open = async (replicaId: string) => {
    const store = await openRedisStore({ url: owner.url.replace('redis:', 'redis+cluster:'), replicaId, log })
    stores.push(store)
    return store
  }
  beforeEach(async () => {
    stores = []
    const nodes = await Promise.all([startNode(), startNode()])
    ;[owner, target] = nodes
    owner.cli('cluster', 'addslotsrange', ...slots)
    target.cli('cluster', 'meet', '127.0.0.1', String(owner.port))
    const isWhole = (node: RunningRedis) => /cluster_state:ok[^]*known_nodes:2/.test(node.cli('cluster', 'info'))
    await eventually(() => nodes.every(isWhole))
  })
  afterEach(async () => {
    for (const store of stores) await store.close()
    await Promise.all([owner.stop(), target.stop()])
  })
  /** From now on a key that is not there may be on the other node: scripts that reach for it are refused. */
  const beginToMove = () => {
    const slot = owner.cli('cluster', 'keyslot', eventKeys.turns)
    const [from, to] = [owner.cli('cluster', 'myid'), target.cli('cluster', 'myid')]
    expect(target.cli('cluster', 'setslot', slot, 'importing', from)).toBe('OK')
    expect(owner.cli('cluster', 'setslot', slot, 'migrating', to)).toBe('OK')
    return () => [owner, target].forEach((node) => node.cli('cluster', 'setslot', slot, 'stable'))
  }
  const take = async ({ events }: RedisStore) =>
    (await events.take({ limit: 100, perFunction: 1, skip: new Set(), nowMs: Date.now() + 1_000 })).map(({ id }) => id)

  test('loses no event: those that cannot be moved on stay where they are', async () => {
    const [one, other] = [await open('one'), await open('other')]
    for (const [name, id] of [
      ['f', 'delayed'],
      ['g', 'held'],
      ['h', 'held too'],
      ['h', 'ready'],
    ] as const)
      await one.events.add(anEvent(name, id))
    expect(await take(one)).toEqual(['delayed', 'held', 'held too'])
    await one.events.putBack('delayed', Date.now(), { progress: aProgress })

    const stop = beginToMove()
    await expect(take(one)).rejects.toMatchObject({ status: 503 })
    expect(owner.cli('zscore', eventKeys.delayed, 'delayed')).toMatch(/^\d/)
    await one.events.close()
    expect(owner.cli('zscore', eventKeys.held('one'), 'held too')).toMatch(/^\d/)
    owner.cli('zadd', eventKeys.takers, '1', 'one')
    const leaseEnd = () => owner.cli('zscore', eventKeys.takers, 'other')
    for (let renewals = 0; renewals < 2; renewals++) {
      const before = leaseEnd()
      await eventually(() => leaseEnd() !== before)
    }
    stop()

    const taken = new Set<string>()
    await eventually(async () => {
      for (const id of await take(other).catch(() => [])) taken.add(id)
      return taken.size === 4
    })
  })
})
