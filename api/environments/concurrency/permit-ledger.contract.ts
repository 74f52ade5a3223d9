import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { LedgerListener, PermitLedger } from './permit-ledger.ts'

/** Ledgers of servers that share their functions. */
export interface OpenedLedgers {
  /** A server's ledger; each call is another server. */
  open(listener: LedgerListener): Promise<PermitLedger>
  /** Ends a server without a word, and lets the time pass after which the others notice. */
  die(ledger: PermitLedger): Promise<void>
  close(): Promise<void>
}

/** A listener that records its notifications. */
function newEar() {
  const heard: unknown[][] = []
  const listener: LedgerListener = {
    onWanted: (name, permits) => heard.push(['wanted', name, permits]),
    onInherited: (share, permits) => heard.push(['inherited', share, permits]),
    onLost: () => heard.push(['lost']),
    onDoubt: () => heard.push(['doubt']),
  }
  return { heard, listener }
}

/** Holds a ledger of permits to its contract. */
export function describePlaceLedger(name: string, start: () => Promise<OpenedLedgers>): void {
  describe(`${name} as a ledger of permits`, () => {
    let ledgers: OpenedLedgers
    const [one, other] = [newEar(), newEar()]
    let mine: PermitLedger
    let theirs: PermitLedger
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
      const answers = await Promise.all([mine.acquire(f), theirs.acquire(f), mine.acquire(f), theirs.acquire(f)])
      expect(answers.sort()).toEqual(['acquired', 'acquired', 'function', 'function'])
      expect(await mine.acquire({ functionName: 'g', ...limits })).toBe('acquired')
    })

    test("the account's limit holds over all servers and functions", async () => {
      const request = (functionName: string) => ({ ...limits, functionName, accountLimit: 3 })
      const answers = await Promise.all(
        ['f', 'g', 'f', 'h', 'f'].map((name, index) => (index % 2 ? mine : theirs).acquire(request(name))),
      )
      expect(answers.sort()).toEqual(['account', 'account', 'acquired', 'acquired', 'acquired'])
    })

    test('functions without a reserve leave what others keep from them', async () => {
      const unreserved = (functionName: string) => ({ functionName, accountLimit: 4, unreservedLimit: 2 })
      expect(await mine.acquire(unreserved('g'))).toBe('acquired')
      expect(await theirs.acquire(unreserved('h'))).toBe('acquired')
      expect(await mine.acquire(unreserved('i'))).toBe('account')
      expect(await mine.acquire({ ...unreserved('f'), reserved: 2 })).toBe('acquired')
      await theirs.release({ functionName: 'h', isReserved: false }, 1)
      expect(await mine.acquire(unreserved('i'))).toBe('acquired')
    })

    test('permits of a name that begins with a colon count for their own limit, and for nobody else', async () => {
      const outside = { functionName: ':f:1', reserved: 2, accountLimit: 1, unreservedLimit: 1 }
      const inside = { functionName: 'f', accountLimit: 1, unreservedLimit: 1 }
      expect(await mine.acquire(inside)).toBe('acquired')
      expect([await mine.acquire(outside), await theirs.acquire(outside)]).toEqual(['acquired', 'acquired'])
      expect([await mine.acquire(outside), await theirs.acquire(inside)]).toEqual(['function', 'account'])
      await mine.release({ functionName: ':f:1', isReserved: true }, 1)
      expect(await theirs.acquire(inside)).toBe('account')
      expect(await theirs.acquire(outside)).toBe('acquired')
      await mine.release({ functionName: 'f', isReserved: false }, 1)
      expect(await theirs.acquire(inside)).toBe('acquired')
    })

    test('permits held before a function had a reserve count towards it', async () => {
      await mine.acquire({ functionName: 'f', ...limits })
      expect(await theirs.acquire({ ...f, reserved: 1 })).toBe('function')
    })

    test('a released permit can be acquired by another server', async () => {
      await mine.acquire(f)
      await mine.acquire(f)
      expect(await theirs.acquire(f)).toBe('function')
      await mine.release(share, 2)
      expect(await theirs.acquire(f)).toBe('acquired')
      expect(await theirs.acquire(f)).toBe('acquired')
      expect(await mine.acquire(f)).toBe('function')
    })

    test('a server gives back no more than it has', async () => {
      await mine.acquire(f)
      await theirs.acquire(f)
      await mine.release(share, 5)
      expect(await mine.acquire(f)).toBe('acquired')
      expect(await mine.acquire(f)).toBe('function')
    })

    test('a server that reaches the ledger is notified', async () => {
      await expect(mine.reach()).resolves.toBeUndefined()
    })

    test('a server that reconciles holds the permits that it knows of, and no others', async () => {
      await mine.acquire({ ...f, reserved: 3 })
      await mine.acquire({ ...f, reserved: 3 })
      await theirs.acquire({ ...f, reserved: 3 })
      await mine.acquire({ ...limits, functionName: 'g' })
      await mine.reconcile(() => [{ share, permits: 1 }])
      expect(await theirs.acquire({ ...f, reserved: 3 })).toBe('acquired')
      expect(await theirs.acquire({ ...f, reserved: 3 })).toBe('function')
      expect(await theirs.acquire({ functionName: 'h', accountLimit: 4, unreservedLimit: 1 })).toBe('acquired')
    })

    test('permits that the ledger had lost are held again after reconciliation', async () => {
      await mine.reconcile(() => [
        { share, permits: 2 },
        { share: { functionName: 'g', isReserved: false }, permits: 1 },
      ])
      expect(await theirs.acquire(f)).toBe('function')
      expect(await theirs.acquire({ functionName: 'h', accountLimit: 3, unreservedLimit: 3 })).toBe('account')
      expect(await theirs.acquire({ functionName: 'h', accountLimit: 10, unreservedLimit: 1 })).toBe('account')
      await mine.release(share, 2)
      expect(await theirs.acquire(f)).toBe('acquired')
    })

    test('permits of running invocations are held whatever the limits are', async () => {
      await theirs.acquire({ ...f, reserved: 1 })
      expect(await mine.acquire({ ...f, reserved: 1, accountLimit: 1, isFound: true })).toBe('acquired')
      await theirs.release(share, 1)
      expect(await theirs.acquire({ ...f, reserved: 1 })).toBe('function')
      await mine.release(share, 1)
      expect(await theirs.acquire({ ...f, reserved: 1 })).toBe('acquired')
    })

    test('a server that counted as dead reconciles under its new name', async () => {
      await theirs.acquire(f)
      await ledgers.die(theirs)
      await until(() => one.heard.length > 0)
      await mine.release(share, 1)
      await theirs.reconcile(() => [{ share, permits: 1 }])
      expect(other.heard).toContainEqual(['lost'])
      expect(await mine.acquire({ ...f, reserved: 1 })).toBe('function')
    })

    test('a lowered reserve counts for what was held before', async () => {
      await mine.acquire(f)
      expect(await theirs.acquire({ ...f, reserved: 1 })).toBe('function')
      expect(await theirs.acquire({ ...f, reserved: 0 })).toBe('function')
    })

    test('other servers are notified of a wanted permit, and of how many the server holds that wants it', async () => {
      await mine.acquire({ ...f, reserved: 1 })
      await theirs.acquire({ ...f, reserved: 1 })
      await until(() => one.heard.length > 0)
      expect(one.heard).toEqual([['wanted', 'f', 0]])
      await theirs.acquire(f)
      await theirs.acquire(f)
      await until(() => one.heard.length > 1)
      expect(one.heard[1]).toEqual(['wanted', 'f', 1])
      await theirs.acquire({ ...limits, functionName: 'g', accountLimit: 1 })
      await until(() => one.heard.length > 2)
      expect(one.heard[2]?.slice(0, 2)).toEqual(['wanted', undefined])
    })

    test('permits of a server that died pass to another and stay held until it gives them back', async () => {
      await theirs.acquire(f)
      await theirs.acquire(f)
      await ledgers.die(theirs)
      await until(() => one.heard.length > 0)
      expect(one.heard).toEqual([['inherited', share, 2]])
      expect(await mine.acquire(f)).toBe('function')
      await mine.release(share, 1)
      expect(await mine.acquire(f)).toBe('acquired')
    })

    test('a server that counted as dead is notified, and acquires its permits again', async () => {
      await theirs.acquire(f)
      await ledgers.die(theirs)
      await until(() => one.heard.length > 0)
      await theirs.release(share, 1)
      expect(await theirs.acquire(f)).toBe('acquired')
      expect(other.heard).toContainEqual(['lost'])
      expect(await theirs.acquire(f)).toBe('function')
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
