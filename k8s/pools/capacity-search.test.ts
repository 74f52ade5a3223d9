import { setImmediate as nextMacrotask } from 'node:timers/promises'
import type { V1Pod } from '@kubernetes/client-node'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { nameOf } from '../pods/pod-facts.ts'
import { CapacitySearch } from './capacity-search.ts'
import { aPlacedPod } from '../testing/samples.ts'

/** A full node, on which evicted pods end when the test says so. */
class FullNode {
  missing = 512
  /** The number of launches that no invocation waits for. */
  unneeded = 0
  pods: V1Pod[] = []
  idle: V1Pod[] = []
  evicted: V1Pod[] = []
  /** Calls of `evict`, with or without a result. */
  evictions = 0
  evictedMb = 0
  /** Calls of `retry`. */
  retries = 0
  isStoreDown = false
  readonly ending = new Set<string>()
  readonly search = new CapacitySearch(
    {
      missingMb: () => this.missing + this.unneeded * 128,
      pods: () => this.pods,
      isEnding: (name) => this.ending.has(name),
      endUnneeded: () => {
        this.unneeded = 0
      },
      evict: () => {
        this.evictions++
        if (this.isStoreDown) return Promise.reject(new Error('The store is unavailable'))
        const pod = this.idle.pop()
        if (pod !== undefined) this.evicted.push(pod)
        return Promise.resolve(pod && nameOf(pod))
      },
      charge: (memoryMb) => void (this.evictedMb += memoryMb),
      tryAgain: () => {
        this.retries++
      },
    },
    { againAfterMs: 1 },
  )

  /** Adds idle pods of functions. */
  fill(count: number, memoryMb: number): void {
    const pods = Array.from({ length: count }, () => aPlacedPod(memoryMb))
    this.pods.push(...pods)
    this.idle.push(...pods)
  }

  /** Lets `count` evicted pods end. */
  finish(count: number): void {
    for (const pod of this.evicted.splice(0, count)) {
      this.pods = this.pods.filter((other) => other !== pod)
      this.search.gone(pod)
    }
  }
}

let node: FullNode
beforeEach(() => {
  node = new FullNode()
})
afterEach(() => {
  node.missing = 0
})

test('evicts what needed launches lack, and more only when freed memory did not help', async () => {
  node.fill(20, 128)
  node.unneeded = 10
  node.search.begin()
  node.search.begin()
  while (node.evicted.length < 4) await nextMacrotask()
  node.search.begin()
  await nextMacrotask()
  expect([node.evicted.length, node.evictedMb]).toEqual([4, 512])
  node.finish(3)
  node.search.begin()
  await nextMacrotask()
  expect([node.evictions, node.retries]).toEqual([4, 0])
  node.finish(1)
  expect(node.retries).toBe(1)
  while (node.evicted.length < 4) await nextMacrotask()
  expect([node.evictions, node.evictedMb]).toEqual([8, 1024])
})

test('ending pods count as freed memory if they are on a node', async () => {
  node.fill(1, 512)
  const leaving = aPlacedPod(512)
  node.pods.push(leaving)
  node.ending.add(nameOf(leaving))
  node.search.begin()
  await nextMacrotask()
  expect(node.evictions).toBe(0)
  delete leaving.spec!.nodeName
  while (node.evicted.length < 1) await nextMacrotask()
})

test('evicts later when no environment is idle or the store is unavailable', async () => {
  node.isStoreDown = true
  node.search.begin()
  while (node.evictions < 2) await nextMacrotask()
  node.isStoreDown = false
  while (node.evictions < 4) await nextMacrotask()
  node.fill(1, 512)
  while (node.evicted.length < 1) await nextMacrotask()
})

test('a pod that terminates for too long does not count as freed memory', async () => {
  const node = new FullNode()
  const leaving = aPlacedPod(512)
  node.pods.push(leaving)
  node.fill(1, 512)
  leaving.metadata!.deletionTimestamp = new Date()
  node.search.begin()
  await nextMacrotask()
  expect(node.evicted).toEqual([])
  leaving.metadata!.deletionTimestamp = new Date(Date.now() - 60_000)
  while (node.evicted.length < 1) await nextMacrotask()
})
