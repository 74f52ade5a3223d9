import { setImmediate as turn } from 'node:timers/promises'
import type { V1Pod } from '@kubernetes/client-node'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { nameOf } from '../pods/pod-facts.ts'
import { CapacitySearch } from './capacity-search.ts'
import { aPlacedPod } from '../testing/samples.ts'

/** A node that launches find full; what is sent away there leaves when the test says so. */
class FullNode {
  missing = 512
  /** How many launches nobody waits for. */
  unneeded = 0
  pods: V1Pod[] = []
  unused: V1Pod[] = []
  sent: V1Pod[] = []
  /** How often something was to go, found or not. */
  asked = 0
  charged = 0
  /** How often launches were told to try again. */
  tries = 0
  isStoreAway = false
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
        this.asked++
        if (this.isStoreAway) return Promise.reject(new Error('The store is away'))
        const pod = this.unused.pop()
        if (pod !== undefined) this.sent.push(pod)
        return Promise.resolve(pod && nameOf(pod))
      },
      charge: (memoryMb) => void (this.charged += memoryMb),
      tryAgain: () => {
        this.tries++
      },
    },
    { againAfterMs: 1 },
  )

  /** So many pods of functions that nobody uses now. */
  fill(count: number, memoryMb: number): void {
    const pods = Array.from({ length: count }, () => aPlacedPod(memoryMb))
    this.pods.push(...pods)
    this.unused.push(...pods)
  }

  /** Of what was sent away so many leave. */
  leave(count: number): void {
    for (const pod of this.sent.splice(0, count)) {
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

test('as much goes as launches lack that somebody waits for, and no more until it has left and did not help', async () => {
  node.fill(20, 128)
  node.unneeded = 10
  node.search.begin()
  node.search.begin()
  while (node.sent.length < 4) await turn()
  node.search.begin()
  await turn()
  expect([node.sent.length, node.charged]).toEqual([4, 512])
  node.leave(3)
  node.search.begin()
  await turn()
  expect([node.asked, node.tries]).toEqual([4, 0])
  node.leave(1)
  expect(node.tries).toBe(1)
  while (node.sent.length < 4) await turn()
  expect([node.asked, node.charged]).toEqual([8, 1024])
})

test('what is about to leave by itself counts, unless it has no place on a node', async () => {
  node.fill(1, 512)
  const leaving = aPlacedPod(512)
  node.pods.push(leaving)
  node.ending.add(nameOf(leaving))
  node.search.begin()
  await turn()
  expect(node.asked).toBe(0)
  delete leaving.spec!.nodeName
  while (node.sent.length < 1) await turn()
})

test('what is in use at first, or cannot be asked for, goes when that is over', async () => {
  node.isStoreAway = true
  node.search.begin()
  while (node.asked < 2) await turn()
  node.isStoreAway = false
  while (node.asked < 4) await turn()
  node.fill(1, 512)
  while (node.sent.length < 1) await turn()
})

test('what should have left long ago is on a lost node: as much as is missing goes elsewhere', async () => {
  const node = new FullNode()
  const leaving = aPlacedPod(512)
  node.pods.push(leaving)
  node.fill(1, 512)
  leaving.metadata!.deletionTimestamp = new Date()
  node.search.begin()
  await turn()
  expect(node.sent).toEqual([])
  leaving.metadata!.deletionTimestamp = new Date(Date.now() - 60_000)
  while (node.sent.length < 1) await turn()
})
