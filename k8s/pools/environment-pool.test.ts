import { Socket } from 'node:net'
import { setImmediate as nextMacrotask } from 'node:timers/promises'
import type { V1Pod } from '@kubernetes/client-node'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { CapacityExhausted, RuntimeUnavailable } from '../../api/environments/driver/driver.ts'
import { EnvironmentPool } from './environment-pool.ts'
import type { GenericEnvironment, PoolContext } from './pool-context.ts'
import { EnvironmentPools } from './environment-pools.ts'
import { nameOf } from '../pods/pod-facts.ts'
import { shapeId } from '../pods/pod-shape.ts'
import { aPlacedPod, aShape } from '../testing/samples.ts'

const deadlineMs = 10_000

/** A cluster whose pods become ready when the test says so. */
class FakeCluster implements PoolContext {
  readonly starting: string[] = []
  readonly ended: string[] = []
  readonly warnings: string[] = []
  nowMs = 0
  #count = 0
  readonly plan = () => {
    const name = `pod-${String(++this.#count)}`
    return {
      name,
      create: () => {
        this.starting.push(name)
        return Promise.resolve()
      },
    }
  }
  readonly end = (name: string) => void this.ended.push(name)
  /** Idle environments of functions. */
  readonly unused: string[] = []
  readonly evict = () => Promise.resolve(this.unused.pop())
  readonly searchCapacity = () => undefined
  readonly #seen: V1Pod[] = []
  readonly pods = () => this.#seen
  readonly isEnding = (name: string) => this.ended.includes(name)

  addUnused(): void {
    const pod = aPlacedPod(128)
    this.#seen.push(pod)
    this.unused.push(nameOf(pod))
  }

  readonly warn = (line: string) => void this.warnings.push(line)
  readonly clock = () => this.nowMs

  /** Makes all starting pods ready. */
  makeReady(pool: EnvironmentPool): void {
    for (const name of this.starting.splice(0)) {
      if (!this.ended.includes(name)) pool.offer(aGeneric(name))
    }
  }

  async until(count: number): Promise<void> {
    while (this.starting.length < count) await nextMacrotask()
  }
}

function aGeneric(name: string): GenericEnvironment {
  return { name, namespace: 'functions', socket: new Socket(), answersPings: true }
}

describe('the generic environments of a shape', () => {
  let cluster: FakeCluster
  let pool: EnvironmentPool
  beforeEach(() => {
    cluster = new FakeCluster()
    pool = new EnvironmentPool(aShape(), 2, cluster)
  })
  afterEach(() => pool.close())

  test('are not kept before the first launch', () => {
    pool.fill()
    expect(cluster.starting).toEqual([])
    pool.offer(aGeneric('stray'))
    expect(cluster.ended).toEqual(['stray'])
  })

  test('are kept after the first launch, and replaced when taken', async () => {
    const taken = pool.take(deadlineMs)
    await cluster.until(3)
    cluster.makeReady(pool)
    expect((await taken).name).toBe('pod-1')
    const next = await pool.take(deadlineMs)
    expect(next.name).toBe('pod-3')
    await cluster.until(1)
    expect(cluster.starting).toEqual(['pod-4'])
  })

  test('that were discarded while starting are not used', async () => {
    await expect(pool.take(0)).rejects.toThrow('No pod of')
    await cluster.until(3)
    expect(cluster.ended).toEqual(['pod-3'])
    const taken = pool.take(deadlineMs)
    pool.offer(aGeneric('pod-3'))
    pool.offer(aGeneric('pod-1'))
    expect((await taken).name).toBe('pod-1')
  })

  test('end when no launch came for the idle time, starting ones included', async () => {
    pool.wake()
    await cluster.until(2)
    pool.offer(aGeneric('pod-1'))
    cluster.nowMs = 999
    expect([pool.suspendIfIdle(1000), cluster.ended]).toEqual([false, []])
    cluster.nowMs = 1000
    expect([pool.suspendIfIdle(1000), cluster.ended.toSorted()]).toEqual([true, ['pod-1', 'pod-2']])
    pool.fill()
    expect(cluster.starting).toEqual(['pod-1', 'pod-2'])
  })

  test('stay while a launch waits, and are kept again after the next launch', async () => {
    const taken = pool.take(deadlineMs)
    cluster.nowMs = 5000
    expect(pool.suspendIfIdle(1000)).toBe(false)
    await cluster.until(3)
    cluster.makeReady(pool)
    await taken
    expect(pool.suspendIfIdle(1000)).toBe(true)
    expect(cluster.ended).toEqual(['pod-2', 'pod-3'])
    const again = pool.take(deadlineMs)
    await cluster.until(3)
    cluster.makeReady(pool)
    expect((await again).name).toBe('pod-4')
  })

  test('fail all waiting launches after several failed starts in a row, not after one', async () => {
    const observer = pool.untilReady(deadlineMs)
    const launches = [1, 2].map(() => pool.take(deadlineMs).catch((fault: unknown) => fault))
    await cluster.until(4)
    const fault = new RuntimeUnavailable('no registry')
    for (const name of ['pod-1', 'pod-2']) pool.fail(name, fault, false)
    pool.offer(aGeneric('pod-3'))
    expect(await launches[0]).toMatchObject({ name: 'pod-3' })
    await observer
    pool.fill()
    await cluster.until(6)
    for (const name of ['pod-4', 'pod-5', 'pod-6']) {
      expect(pool.launches).toBe(1)
      pool.fail(name, fault, false)
    }
    expect(await launches[1]).toBe(fault)
  })

  test('fail all waiting launches at once when no pod can start', async () => {
    const waits = [pool.take(deadlineMs), pool.untilReady(deadlineMs)].map((wait) =>
      wait.catch((fault: unknown) => fault),
    )
    await cluster.until(3)
    const fault = new RuntimeUnavailable('no such name')
    pool.fail('pod-1', fault, true)
    expect(await Promise.all(waits)).toEqual([fault, fault])
  })
})

describe('the pools of all shapes', () => {
  let cluster: FakeCluster
  let pools: EnvironmentPools
  beforeEach(() => {
    cluster = new FakeCluster()
    const { plan, end, warn, clock, pods, isEnding, evict } = cluster
    pools = new EnvironmentPools({ size: 1, idleMs: 1000, plan, end, warn, clock, pods, isEnding, evict })
  })
  afterEach(() => pools.close())

  describe('when launches lack capacity', () => {
    const full = '0/1 nodes are available: 1 Insufficient cpu.'
    let busy: EnvironmentPool
    let launch: Promise<unknown>
    beforeEach(async () => {
      const idle = pools.of(aShape({ memoryMb: 256 }))
      idle.wake()
      await cluster.until(1)
      idle.offer(aGeneric('pod-1'))
      cluster.addUnused()
      busy = pools.of(aShape({ memoryMb: 512 }))
      launch = busy.take(deadlineMs)
      await cluster.until(3)
    })
    afterEach(async () => {
      pools.close()
      await expect(launch).rejects.toThrow('closed')
    })

    test('end idle generic environments and evict idle ones of functions', async () => {
      for (const name of ['pod-2', 'pod-3']) busy.markUnschedulable(name, full)
      while (cluster.unused.length > 0) await nextMacrotask()
      expect(cluster.ended).toEqual(['pod-1'])
    })

    test('end unschedulable pods that no launch waits for', async () => {
      const spare = pools.of(aShape({ memoryMb: 256 }))
      await spare.take(deadlineMs)
      await cluster.until(4)
      spare.markUnschedulable('pod-4', full)
      expect(cluster.ended).toEqual([])
      for (const name of ['pod-2', 'pod-3']) busy.markUnschedulable(name, full)
      expect([cluster.ended, spare.isStarting('pod-4')]).toEqual([['pod-4'], false])
    })

    test('end nothing while a pod starts for each launch, or when launches lack something else', async () => {
      busy.markUnschedulable('pod-2', full)
      expect(busy.missingMb).toBe(0)
      busy.markUnschedulable('pod-3', full)
      expect(busy.missingMb).toBe(512)
      busy.expect('pod-3')
      busy.markUnschedulable('pod-2', "0/1 nodes are available: 1 node(s) didn't match node selector.")
      expect(busy.missingMb).toBe(0)
    })

    test('still lack it when one launch of several was served', async () => {
      const another = busy.take(deadlineMs)
      await cluster.until(4)
      for (const name of ['pod-2', 'pod-3', 'pod-4']) busy.markUnschedulable(name, full)
      busy.offer(aGeneric('pod-2'))
      await launch
      expect(busy.missingMb).toBe(512)
      launch = another
    })

    test('stop evicting at four times the missing memory, until a pod becomes ready', () => {
      for (const name of ['pod-2', 'pod-3']) busy.markUnschedulable(name, full)
      for (let times = 0; times < 4; times++) {
        expect(busy.missingMb).toBe(512)
        busy.charge(512)
      }
      expect(busy.missingMb).toBe(0)
    })

    test('count no evicted memory when no launch lacks capacity any more', async () => {
      for (const name of ['pod-2', 'pod-3']) busy.markUnschedulable(name, full)
      busy.expect('pod-3')
      await nextMacrotask()
      busy.markUnschedulable('pod-3', full)
      expect(busy.missingMb).toBe(512)
    })

    test('reject unneeded launches, and end an unschedulable pod before a starting one', async () => {
      let isNeeded = true
      const served = busy.take(deadlineMs, () => isNeeded)
      await cluster.until(4)
      for (const name of ['pod-2', 'pod-3']) busy.markUnschedulable(name, full)
      isNeeded = false
      busy.dropUnneeded()
      await expect(served).rejects.toThrow('No node has capacity for a pod of 512 MB')
      expect([cluster.ended, busy.launches, busy.missingMb]).toEqual([['pod-1', 'pod-3'], 1, 0])
    })

    test('retry at once when a pod is gone', () => {
      busy.abandon('pod-2', new CapacityExhausted('exceeded quota'), false)
      pools.gone({})
      expect(cluster.starting).toHaveLength(4)
    })

    test('replace unschedulable pods when an ending pod has left its node', () => {
      for (const name of ['pod-2', 'pod-3']) busy.markUnschedulable(name, full)
      pools.gone({})
      expect(cluster.starting).toHaveLength(3)
      pools.gone(aPlacedPod(128))
      expect(cluster.ended).toEqual(['pod-1', 'pod-2', 'pod-3'])
      expect(cluster.starting.slice(3)).toEqual(['pod-4', 'pod-5'])
    })
  })

  test('shrink to the shapes in use', async () => {
    const [used, unused] = [aShape(), aShape({ memoryMb: 256 })]
    for (const shape of [used, unused]) pools.of(shape).wake()
    await cluster.until(2)
    pools.of(used).offer(aGeneric('pod-1'))
    pools.of(unused).offer(aGeneric('pod-2'))
    cluster.nowMs = 2000
    pools.suspendIfIdle(new Set([shapeId(used)]))
    expect(cluster.ended).toEqual(['pod-2'])
    expect(pools.find(shapeId(unused))).toBeUndefined()
    expect(pools.of(used).isReady).toBe(true)
    pools.suspendIfIdle(new Set())
    expect(cluster.ended).toEqual(['pod-2', 'pod-1'])
  })
})
