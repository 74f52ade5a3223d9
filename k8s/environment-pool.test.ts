import { Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { CapacityExhausted } from '../api/environments/driver.ts'
import { EnvironmentPool, type GenericEnvironment, type PoolWorld } from './environment-pool.ts'
import { EnvironmentPools } from './environment-pools.ts'
import { shapeId } from './pod-shape.ts'
import { aShape } from './testing/samples.ts'

const deadlineMs = 10_000

/** Pods that come up when the test says so. */
class PodsOnPaper implements PoolWorld {
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
  roomWanted = 0
  readonly wantRoom = () => {
    this.roomWanted++
    return true
  }
  readonly warn = (line: string) => void this.warnings.push(line)
  readonly clock = () => this.nowMs

  /** The pods that started so far come up. */
  comeUp(pool: EnvironmentPool): void {
    for (const name of this.starting.splice(0)) {
      if (!this.ended.includes(name)) pool.offer(aGeneric(name))
    }
  }

  async until(count: number): Promise<void> {
    while (this.starting.length < count) await turn()
  }
}

function aGeneric(name: string): GenericEnvironment {
  return { name, namespace: 'functions', socket: new Socket(), answersPings: true }
}

describe('the generic environments of a shape', () => {
  let world: PodsOnPaper
  let pool: EnvironmentPool
  beforeEach(() => {
    world = new PodsOnPaper()
    pool = new EnvironmentPool(aShape(), 2, world)
  })
  afterEach(() => pool.close())

  test('are not kept before somebody asks for one', () => {
    pool.fill()
    expect(world.starting).toEqual([])
    pool.offer(aGeneric('stray'))
    expect(world.ended).toEqual(['stray'])
  })

  test('are kept from then on, and one that is taken is replaced', async () => {
    const taken = pool.take(deadlineMs)
    await world.until(3)
    world.comeUp(pool)
    expect((await taken).name).toBe('pod-1')
    const next = await pool.take(deadlineMs)
    expect(next.name).toBe('pod-3')
    await world.until(1)
    expect(world.starting).toEqual(['pod-4'])
  })

  test('that were given up while they started serve nobody', async () => {
    await expect(pool.take(0)).rejects.toThrow('No pod of')
    await world.until(3)
    expect(world.ended).toEqual(['pod-3'])
    const taken = pool.take(deadlineMs)
    pool.offer(aGeneric('pod-3'))
    pool.offer(aGeneric('pod-1'))
    expect((await taken).name).toBe('pod-1')
  })

  test('end, those that start too, when nobody asked for them for long', async () => {
    pool.wake()
    await world.until(2)
    pool.offer(aGeneric('pod-1'))
    world.nowMs = 999
    expect([pool.rest(1000), world.ended]).toEqual([false, []])
    world.nowMs = 1000
    expect([pool.rest(1000), world.ended.toSorted()]).toEqual([true, ['pod-1', 'pod-2']])
    pool.fill()
    expect(world.starting).toEqual(['pod-1', 'pod-2'])
  })

  test('wait on while a launch waits, and are kept again after the next one', async () => {
    const taken = pool.take(deadlineMs)
    world.nowMs = 5000
    expect(pool.rest(1000)).toBe(false)
    await world.until(3)
    world.comeUp(pool)
    await taken
    expect(pool.rest(1000)).toBe(true)
    expect(world.ended).toEqual(['pod-2', 'pod-3'])
    const again = pool.take(deadlineMs)
    await world.until(3)
    world.comeUp(pool)
    expect((await again).name).toBe('pod-4')
  })
})

describe('the pools of all shapes', () => {
  let world: PodsOnPaper
  let pools: EnvironmentPools
  beforeEach(() => {
    world = new PodsOnPaper()
    const { plan, end, wantRoom, warn, clock } = world
    pools = new EnvironmentPools({ size: 1, idleMs: 1000, plan, end, wantRoom, warn, clock })
  })
  afterEach(() => pools.close())

  test('make room for launches that find none, by what waits for nobody, then by what functions do not use', async () => {
    const [idle, full] = [pools.of(aShape({ memoryMb: 256 })), pools.of(aShape())]
    idle.wake()
    await world.until(1)
    idle.offer(aGeneric('pod-1'))
    full.wake()
    const reason = '0/1 nodes are available: 1 Insufficient cpu.'
    full.stall(reason)
    expect(world.ended).toEqual([])
    const launches = [full.take(deadlineMs), full.take(deadlineMs)]
    full.stall("0/1 nodes are available: 1 node(s) didn't match node selector.")
    expect([world.ended, world.roomWanted]).toEqual([[], 0])
    full.stall(reason)
    expect([world.ended, world.roomWanted]).toEqual([['pod-1'], 1])
    full.stall(reason)
    expect(world.roomWanted).toBe(1)
    for (world.nowMs = 6000; world.nowMs < 60_000; world.nowMs += 6000) {
      for (let stalled = 0; stalled < 3; stalled++) full.stall(reason)
    }
    expect(world.roomWanted).toBe(8)
    full.lose(world.starting[1]!, new CapacityExhausted('exceeded quota'), false)
    const startedBefore = world.starting.length
    pools.roomCame()
    expect(world.starting).toHaveLength(startedBefore + 1)
    pools.close()
    await Promise.allSettled(launches)
  })

  test('shrink to those that functions use', async () => {
    const [used, unused] = [aShape(), aShape({ memoryMb: 256 })]
    for (const shape of [used, unused]) pools.of(shape).wake()
    await world.until(2)
    pools.of(used).offer(aGeneric('pod-1'))
    pools.of(unused).offer(aGeneric('pod-2'))
    world.nowMs = 2000
    pools.rest(new Set([shapeId(used)]))
    expect(world.ended).toEqual(['pod-2'])
    expect(pools.find(shapeId(unused))).toBeUndefined()
    expect(pools.of(used).isReady).toBe(true)
    pools.rest(new Set())
    expect(world.ended).toEqual(['pod-2', 'pod-1'])
  })
})
