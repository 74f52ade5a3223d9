import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { EnvironmentLeases } from './leases.ts'

/** Leases of servers that share their environments. */
export interface OpenedLeases {
  /** A server's leases; each call is another server. */
  open(): Promise<EnvironmentLeases>
  /** Ends a server without a word, and lets the time pass after which the others notice. */
  die(leases: EnvironmentLeases): Promise<void>
  close(): Promise<void>
}

/** Holds leases of environments to their contract. */
export function describeLeases(name: string, start: () => Promise<OpenedLeases>): void {
  describe(`${name} as leases of environments`, () => {
    let opened: OpenedLeases
    let mine: EnvironmentLeases
    let theirs: EnvironmentLeases
    beforeEach(async () => {
      opened = await start()
      mine = await opened.open()
      theirs = await opened.open()
    })
    afterEach(() => opened.close())

    test('tokens grow over all servers', async () => {
      const tokens = [await mine.nextToken(), await theirs.nextToken(), await mine.nextToken()]
      expect(tokens).toEqual([...tokens].sort((one, other) => one - other))
      expect(new Set(tokens).size).toBe(3)
    })

    test('an environment that a living server holds cannot be claimed by another', async () => {
      await theirs.hold('e')
      expect(await mine.claim('e', { isUnknownFree: true, isParkedFree: true })).toBe('held')
      expect(await theirs.claim('e')).toBe('claimed')
    })

    test('a server cannot hold an environment of another living server, and can take back one that nobody took', async () => {
      await theirs.hold('e')
      await mine.hold('e')
      expect(await mine.claim('e')).toBe('held')
      expect(await theirs.park('e', 'key')).toBe(true)
      await theirs.hold('e')
      expect(await mine.takeParked('key')).toBeUndefined()
      expect(await mine.claim('e', { isParkedFree: true })).toBe('held')
    })

    test('an environment of a dead server is claimed by exactly one', async () => {
      await theirs.hold('e')
      await opened.die(theirs)
      const third = await opened.open()
      expect((await Promise.all([mine.claim('e'), third.claim('e')])).sort()).toEqual(['claimed', 'held'])
    })

    test('an unknown environment is claimed only with `isUnknownFree`', async () => {
      expect(await mine.claim('e')).toBe('unknown')
      expect(await mine.claim('e', { isUnknownFree: true })).toBe('claimed')
      expect(await theirs.claim('e', { isUnknownFree: true })).toBe('held')
    })

    test('of those that are parked the one that waits longest may be taken, whatever its key', async () => {
      for (const id of ['used', 'e1', 'e2']) await mine.hold(id)
      await mine.park('e1', 'key')
      await mine.park('e2', 'other')
      const all = [
        { id: 'used', key: 'key' },
        { id: 'e2', key: 'other' },
        { id: 'e1', key: 'key' },
        { id: 'unknown', key: 'key' },
      ]
      expect(await theirs.takeLongestParked(all)).toBe('e1')
      expect(await mine.takeParked('key')).toBeUndefined()
      expect(await theirs.takeLongestParked(all)).toBe('e2')
      expect(await theirs.takeLongestParked(all)).toBeUndefined()
      expect(await theirs.takeLongestParked([])).toBeUndefined()
      expect(await theirs.claim('used')).toBe('held')
    })

    test('a parked environment goes to one who needs its key, the last parked first', async () => {
      await mine.hold('e1')
      await mine.hold('e2')
      expect(await mine.park('e1', 'key')).toBe(true)
      expect(await mine.park('e2', 'key')).toBe(true)
      expect(await theirs.takeParked('other')).toBeUndefined()
      expect(await theirs.claim('e1')).toBe('held')
      expect(await theirs.takeParked('key')).toBe('e2')
      expect(await mine.takeParked('key')).toBe('e1')
      expect(await mine.takeParked('key')).toBeUndefined()
      expect(await mine.claim('e2', { isParkedFree: true })).toBe('held')
    })

    test('a parked environment that is not needed any more can be claimed, and is then not handed out', async () => {
      await mine.hold('e')
      await mine.park('e', 'key')
      expect(await theirs.claim('e', { isParkedFree: true })).toBe('claimed')
      expect(await mine.takeParked('key')).toBeUndefined()
    })

    test('a server is notified whether another one had a matching environment', async () => {
      const third = await opened.open()
      const heard: string[] = []
      const answerAs = (server: EnvironmentLeases, name: string, has: string) =>
        server.onWanted((key) => {
          heard.push(`${name} ${key}`)
          return key === 'fault' ? Promise.reject(new Error('a fault')) : Promise.resolve(key === has)
        })
      answerAs(third, 'third', 'own')
      answerAs(mine, 'mine', 'of mine')
      answerAs(theirs, 'theirs', 'of theirs')
      const answers = []
      for (const key of ['of mine', 'of theirs', 'own', 'fault']) answers.push(await third.want(key))
      expect(answers).toEqual([true, true, false, false])
      expect(heard).toEqual(expect.arrayContaining(['mine own', 'theirs own', 'mine fault', 'theirs fault']))
      expect(heard.filter((each) => each.startsWith('third'))).toEqual([])
    })

    test('who is frozen has nothing that another server wants', async () => {
      const third = await opened.open()
      theirs.onWanted(() => new Promise(() => undefined))
      expect([await third.want('key'), await third.want('key')]).toEqual([false, false])
      mine.onWanted(() => Promise.resolve(true))
      expect(await third.want('key')).toBe(true)
    })

    test('who lost an environment cannot park it', async () => {
      await theirs.hold('e')
      await opened.die(theirs)
      await mine.claim('e')
      expect(await theirs.park('e', 'key')).toBe(false)
      await mine.forget('e')
      expect(await mine.claim('e')).toBe('unknown')
    })

    test('a lost environment is forgotten when it is parked, its own or of a dead server, and kept when a living server holds it', async () => {
      const third = await opened.open()
      await mine.hold('own')
      await mine.hold('parked')
      await mine.park('parked', 'key')
      await third.hold('dead')
      await theirs.hold('theirs')
      await opened.die(third)
      expect((await mine.known()).toSorted()).toEqual(['dead', 'own', 'parked', 'theirs'])
      await mine.forgetGone(['own', 'parked', 'dead', 'theirs', 'never'])
      expect(await mine.known()).toEqual(['theirs'])
      expect(await mine.takeParked('key')).toBeUndefined()
      expect(await mine.claim('theirs')).toBe('held')
    })
  })
}
