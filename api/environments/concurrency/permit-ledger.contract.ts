import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { LedgerListener, PlaceLedger } from './permit-ledger.ts'

/** Ledgers of servers that share their functions. */
export interface OpenedLedgers {
  /** A server's ledger; each call is another server. */
  open(listener: LedgerListener): Promise<PlaceLedger>
  /** Ends a server without a word, and lets the time pass after which the others notice. */
  die(ledger: PlaceLedger): Promise<void>
  close(): Promise<void>
}

/** What a server was told. */
function newEar() {
  const heard: unknown[][] = []
  const listener: LedgerListener = {
    onWanted: (name, places) => heard.push(['wanted', name, places]),
    onInherited: (share, places) => heard.push(['inherited', share, places]),
    onLost: () => heard.push(['lost']),
    onDoubt: () => heard.push(['doubt']),
  }
  return { heard, listener }
}

/** Holds a ledger of places to its contract. */
export function describePlaceLedger(name: string, start: () => Promise<OpenedLedgers>): void {
  describe(`${name} as a ledger of places`, () => {
    let ledgers: OpenedLedgers
    const [one, other] = [newEar(), newEar()]
    let mine: PlaceLedger
    let theirs: PlaceLedger
    beforeEach(async () => {
      one.heard.length = 0
      other.heard.length = 0
      ledgers = await start()
      mine = await ledgers.open(one.listener)
      theirs = await ledgers.open(other.listener)
    })
    afterEach(() => ledgers.close())
    const limits = { accountLimit: 10, unreservedLimit: 10 }
    const f = { functionName: 'f', reserved: 2, ...limits }
    const share = { functionName: 'f', isReserved: true }

    test("a function's reserve holds over all servers", async () => {
      const answers = await Promise.all([mine.book(f), theirs.book(f), mine.book(f), theirs.book(f)])
      expect(answers.sort()).toEqual(['booked', 'booked', 'function', 'function'])
      expect(await mine.book({ functionName: 'g', ...limits })).toBe('booked')
    })

    test("the account's limit holds over all servers and functions", async () => {
      const request = (functionName: string) => ({ ...limits, functionName, accountLimit: 3 })
      const answers = await Promise.all(
        ['f', 'g', 'f', 'h', 'f'].map((name, index) => (index % 2 ? mine : theirs).book(request(name))),
      )
      expect(answers.sort()).toEqual(['account', 'account', 'booked', 'booked', 'booked'])
    })

    test('functions without a reserve leave what others keep from them', async () => {
      const unreserved = (functionName: string) => ({ functionName, accountLimit: 4, unreservedLimit: 2 })
      expect(await mine.book(unreserved('g'))).toBe('booked')
      expect(await theirs.book(unreserved('h'))).toBe('booked')
      expect(await mine.book(unreserved('i'))).toBe('account')
      expect(await mine.book({ ...unreserved('f'), reserved: 2 })).toBe('booked')
      await theirs.giveBack({ functionName: 'h', isReserved: false }, 1)
      expect(await mine.book(unreserved('i'))).toBe('booked')
    })

    test('places of a name that begins with a colon count for their own limit, and for nobody else', async () => {
      const outside = { functionName: ':f:1', reserved: 2, accountLimit: 1, unreservedLimit: 1 }
      const inside = { functionName: 'f', accountLimit: 1, unreservedLimit: 1 }
      expect(await mine.book(inside)).toBe('booked')
      expect([await mine.book(outside), await theirs.book(outside)]).toEqual(['booked', 'booked'])
      expect([await mine.book(outside), await theirs.book(inside)]).toEqual(['function', 'account'])
      await mine.giveBack({ functionName: ':f:1', isReserved: true }, 1)
      expect(await theirs.book(inside)).toBe('account')
      expect(await theirs.book(outside)).toBe('booked')
      await mine.giveBack({ functionName: 'f', isReserved: false }, 1)
      expect(await theirs.book(inside)).toBe('booked')
    })

    test('places booked before a function had a reserve count towards it', async () => {
      await mine.book({ functionName: 'f', ...limits })
      expect(await theirs.book({ ...f, reserved: 1 })).toBe('function')
    })

    test('a place that was given back can be booked by another server', async () => {
      await mine.book(f)
      await mine.book(f)
      expect(await theirs.book(f)).toBe('function')
      await mine.giveBack(share, 2)
      expect(await theirs.book(f)).toBe('booked')
      expect(await theirs.book(f)).toBe('booked')
      expect(await mine.book(f)).toBe('function')
    })

    test('a server gives back no more than it has', async () => {
      await mine.book(f)
      await theirs.book(f)
      await mine.giveBack(share, 5)
      expect(await mine.book(f)).toBe('booked')
      expect(await mine.book(f)).toBe('function')
    })

    test('a server that reaches the ledger is told so', async () => {
      await expect(mine.reach()).resolves.toBeUndefined()
    })

    test('a server that settles has what it knows of, and no more', async () => {
      await mine.book({ ...f, reserved: 3 })
      await mine.book({ ...f, reserved: 3 })
      await theirs.book({ ...f, reserved: 3 })
      await mine.book({ ...limits, functionName: 'g' })
      await mine.settle(() => [{ share, places: 1 }])
      expect(await theirs.book({ ...f, reserved: 3 })).toBe('booked')
      expect(await theirs.book({ ...f, reserved: 3 })).toBe('function')
      expect(await theirs.book({ functionName: 'h', accountLimit: 4, unreservedLimit: 1 })).toBe('booked')
    })

    test('what a server settles that the ledger had lost is booked again', async () => {
      await mine.settle(() => [
        { share, places: 2 },
        { share: { functionName: 'g', isReserved: false }, places: 1 },
      ])
      expect(await theirs.book(f)).toBe('function')
      expect(await theirs.book({ functionName: 'h', accountLimit: 3, unreservedLimit: 3 })).toBe('account')
      expect(await theirs.book({ functionName: 'h', accountLimit: 10, unreservedLimit: 1 })).toBe('account')
      await mine.giveBack(share, 2)
      expect(await theirs.book(f)).toBe('booked')
    })

    test('what runs already is booked whatever the limits are, and counts', async () => {
      await theirs.book({ ...f, reserved: 1 })
      expect(await mine.book({ ...f, reserved: 1, accountLimit: 1, isFound: true })).toBe('booked')
      await theirs.giveBack(share, 1)
      expect(await theirs.book({ ...f, reserved: 1 })).toBe('function')
      await mine.giveBack(share, 1)
      expect(await theirs.book({ ...f, reserved: 1 })).toBe('booked')
    })

    test('a server that was held for dead settles under its new name', async () => {
      await theirs.book(f)
      await ledgers.die(theirs)
      await until(() => one.heard.length > 0)
      await mine.giveBack(share, 1)
      await theirs.settle(() => [{ share, places: 1 }])
      expect(other.heard).toContainEqual(['lost'])
      expect(await mine.book({ ...f, reserved: 1 })).toBe('function')
    })

    test('a lowered reserve counts for what was booked before', async () => {
      await mine.book(f)
      expect(await theirs.book({ ...f, reserved: 1 })).toBe('function')
      expect(await theirs.book({ ...f, reserved: 0 })).toBe('function')
    })

    test('the other servers hear what is wanted, and how many places a server has that wants one', async () => {
      await mine.book({ ...f, reserved: 1 })
      await theirs.book({ ...f, reserved: 1 })
      await until(() => one.heard.length > 0)
      expect(one.heard).toEqual([['wanted', 'f', 0]])
      await theirs.book(f)
      await theirs.book(f)
      await until(() => one.heard.length > 1)
      expect(one.heard[1]).toEqual(['wanted', 'f', 1])
      await theirs.book({ ...limits, functionName: 'g', accountLimit: 1 })
      await until(() => one.heard.length > 2)
      expect(one.heard[2]?.slice(0, 2)).toEqual(['wanted', undefined])
    })

    test('places of a server that died pass to another and stay booked until it gives them back', async () => {
      await theirs.book(f)
      await theirs.book(f)
      await ledgers.die(theirs)
      await until(() => one.heard.length > 0)
      expect(one.heard).toEqual([['inherited', share, 2]])
      expect(await mine.book(f)).toBe('function')
      await mine.giveBack(share, 1)
      expect(await mine.book(f)).toBe('booked')
    })

    test('a server that was held for dead is told so, and books again from nothing', async () => {
      await theirs.book(f)
      await ledgers.die(theirs)
      await until(() => one.heard.length > 0)
      await theirs.giveBack(share, 1)
      expect(await theirs.book(f)).toBe('booked')
      expect(other.heard).toContainEqual(['lost'])
      expect(await theirs.book(f)).toBe('function')
    })
  })
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 20_000
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('The condition did not come true.')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
