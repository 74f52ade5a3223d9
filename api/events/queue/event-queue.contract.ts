import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { eventually } from '../../sources/testing/eventually.ts'
import type { EventQueue, TakeRequest } from './event-queue.ts'
import { anEvent, aProgress } from '../testing/samples.ts'

/** A queue on trial, empty when handed out. */
export interface OpenedQueue {
  readonly queue: EventQueue
  /** Ends its process, or acts as if, and answers one opened on the same data. */
  reopen(): Promise<EventQueue>
  close(): Promise<void>
}

/** Holds an event queue to its contract. */
export function describeEventQueue(name: string, open: () => Promise<OpenedQueue>): void {
  describe(`${name} as an event queue`, () => {
    let opened: OpenedQueue
    let queue: EventQueue
    beforeEach(async () => {
      opened = await open()
      queue = opened.queue
    })
    afterEach(() => opened.close())

    const take = async (request: Partial<TakeRequest> = {}, from = queue): Promise<string[]> => {
      const events = await from.take({ limit: 100, perFunction: 100, skip: new Set(), nowMs: 1000, ...request })
      return events.map((event) => event.id)
    }
    const takeOne = async (from: EventQueue, nowMs = 1000) =>
      (await from.take({ limit: 1, perFunction: 1, skip: new Set(), nowMs }))[0]
    const add = async (functionName: string, ids: readonly string[]): Promise<void> => {
      await Promise.all(ids.map((id) => queue.add(anEvent(functionName, id))))
    }

    test('gives an event as it was added, to one taker, until it is finished', async () => {
      const payload = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
      const event = anEvent('f', 'e', { payload, qualifier: '1', clientContext: '{"a":"ü"}', traceId: 'Root=1' })
      await queue.add(event)
      const taken = await takeOne(queue)
      expect({ ...taken, payload: Buffer.from(taken?.payload ?? []) }).toEqual(event)
      expect(await take()).toEqual([])
      await queue.finish('e')
      expect(await take({}, await opened.reopen())).toEqual([])
    })

    test('keeps ready, delayed and in-flight events over a restart', async () => {
      await add('f', ['in flight', 'delayed', 'waits'])
      await take({ limit: 2 })
      await queue.putBack('delayed', 5000, { progress: aProgress })
      const again = await opened.reopen()
      expect(await take({}, again)).toEqual(['in flight', 'waits'])
      expect(await take({ nowMs: 5000 }, again)).toEqual(['delayed'])
    })

    test('adds an id once', async () => {
      await add('f', ['a', 'a'])
      expect(await take()).toEqual(['a'])
    })

    test('deduplicates an id for the given time, even when its event has ended', async () => {
      const event = anEvent('f', 'a')
      await queue.add(event, 60_000)
      expect(await take()).toEqual(['a'])
      await queue.finish('a')
      await queue.add(event, 60_000)
      queue = await opened.reopen()
      await queue.add(event, 60_000)
      expect(await take({}, queue)).toEqual([])
      await queue.add(anEvent('f', 'b'), 1)
      await take({}, queue)
      await queue.finish('b')
      await eventually(async () => {
        await queue.add(anEvent('f', 'b'), 1)
        return (await take({}, queue)).includes('b')
      })
    })

    test('hides what was put back until it is due, and gives it with its progress and answer', async () => {
      await add('f', ['a'])
      expect(await queue.nextDueMs()).toBeUndefined()
      await take()
      await queue.putBack('a', 3000, { progress: aProgress, answer: Buffer.from([0, 255]) })
      expect(await queue.nextDueMs()).toBe(3000)
      expect(await take({ nowMs: 2999 })).toEqual([])
      const event = await takeOne(queue, 3000)
      expect(event).toMatchObject({ id: 'a', progress: aProgress })
      expect(Buffer.from(event?.answer ?? [])).toEqual(Buffer.from([0, 255]))
      expect(await queue.nextDueMs()).toBeUndefined()
    })

    test('keeps the noted progress of an event in flight for the process that takes over, and the last response', async () => {
      await add('f', ['a'])
      await take()
      await queue.note('a', { progress: aProgress, answer: Buffer.from('one') })
      await queue.note('a', { progress: { ...aProgress, runs: 2 } })
      expect(await take()).toEqual([])
      const event = await takeOne(await opened.reopen())
      expect(event).toMatchObject({ id: 'a', progress: { ...aProgress, runs: 2 } })
      expect(Buffer.from(event?.answer ?? []).toString()).toBe('one')
    })

    test('gives a failed event to nobody, and keeps the newest of a function', async () => {
      await add('f', ['a', 'b', 'c'])
      await add('g', ['d'])
      await take()
      for (const id of ['a', 'b', 'c', 'd']) await queue.fail(id, { progress: aProgress }, 2)
      queue = await opened.reopen()
      expect(await take({ nowMs: 1e15 }, queue)).toEqual([])
      await add('f', ['a', 'b'])
      expect(await take()).toEqual(['a'])
    })

    test('ignores steps of events that are not in flight', async () => {
      await add('f', ['a'])
      await queue.note('a', { progress: aProgress })
      await queue.putBack('a', 5000, { progress: aProgress })
      await queue.fail('a', { progress: aProgress }, 9)
      await queue.finish('unknown')
      expect(await takeOne(queue)).not.toHaveProperty('progress')
    })

    test('serves functions round-robin and each one in order, within its share', async () => {
      await add('a', ['a1', 'a2', 'a3', 'a4'])
      await add('b', ['b1'])
      await add('c', ['c1', 'c2'])
      expect(await take({ limit: 2, perFunction: 1 })).toEqual(['a1', 'b1'])
      expect(await take({ limit: 2, perFunction: 1 })).toEqual(['c1', 'a2'])
      expect(await take({ perFunction: 1 })).toEqual(['c2', 'a3'])
      expect(await take()).toEqual(['a4'])
    })

    test('gives more or fewer of the functions that are named, and none of those that are skipped', async () => {
      await add('a', ['a1', 'a2', 'a3'])
      await add('b', ['b1', 'b2'])
      await add('c', ['c1'])
      const shares = new Map([
        ['a', 2],
        ['c', 0],
      ])
      expect(await take({ perFunction: 1, shares })).toEqual(['a1', 'a2', 'b1'])
      expect(await take({ limit: 1, perFunction: 1, shares, skip: new Set(['a']) })).toEqual(['b2'])
      expect(await take()).toEqual(['c1', 'a3'])
    })

    test('leaves the events of skipped functions', async () => {
      await add('a', ['a1'])
      await add('b', ['b1'])
      expect(await take({ skip: new Set(['a']) })).toEqual(['b1'])
      expect(await take()).toEqual(['a1'])
    })
  })
}
