import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { Leases } from './lease.ts'

/** Two servers' views of the same leases. */
export interface OpenedLeases {
  readonly one: Leases
  readonly other: Leases
  /** Advances the time of the leases. */
  readonly pass: (ms: number) => Promise<void>
  close(): Promise<void>
}

/** Tests an implementation of leases against the contract; `open` returns names that nobody holds. */
export function describeLeases(name: string, open: () => Promise<OpenedLeases>): void {
  describe(`${name} as leases`, () => {
    let opened: OpenedLeases
    beforeEach(async () => {
      opened = await open()
    })
    afterEach(() => opened.close())

    test('a name has one holder', async () => {
      const { one, other } = opened
      const leases = await Promise.all([one.acquire('a', 1000), other.acquire('a', 1000), one.acquire('a', 1000)])
      expect(leases.filter((lease) => lease !== undefined)).toHaveLength(1)
      expect(await other.acquire('b', 1000)).toBeDefined()
    })

    test('a lease that is not renewed is free for another, with a greater fence', async () => {
      const { one, other, pass } = opened
      const first = (await one.acquire('a', 1000))!
      await pass(600)
      expect(await one.renew(first, 1000)).toBe(true)
      await pass(600)
      expect(await other.acquire('a', 1000)).toBeUndefined()
      await pass(600)
      const second = (await other.acquire('a', 1000))!
      expect(second.fence).toBeGreaterThan(first.fence)
      expect(await one.renew(first, 1000)).toBe(false)
      await one.release(first)
      expect(await other.renew(second, 1000)).toBe(true)
    })

    test('an expired lease is not renewed, even if nobody took it', async () => {
      const { one, pass } = opened
      const lease = (await one.acquire('a', 1000))!
      await pass(1100)
      expect(await one.renew(lease, 1000)).toBe(false)
    })

    test('a group is held until the last of its leases is released or has expired', async () => {
      const { one, other, pass } = opened
      expect(await one.isAnyHeld('g')).toBe(false)
      const [first] = [
        (await one.acquire('g/a', 1000))!,
        await one.acquire('g/b', 1000),
        await one.acquire('gg/a', 9000),
      ]
      await one.release(first)
      expect(await other.isAnyHeld('g')).toBe(true)
      await pass(1100)
      expect([await other.isAnyHeld('g'), await one.isAnyHeld('gg')]).toEqual([false, true])
      const again = (await other.acquire('g/a', 1000))!
      expect(await one.isAnyHeld('g')).toBe(true)
      await other.release(again)
      expect(await one.isAnyHeld('g')).toBe(false)
    })

    test('a released name is free at once, with a greater fence', async () => {
      const { one, other } = opened
      const first = (await one.acquire('a', 60_000))!
      await one.release(first)
      expect((await other.acquire('a', 1000))!.fence).toBeGreaterThan(first.fence)
    })
  })
}
