import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { EventQueue, TakeRequest } from './queue.ts'
import { anEvent } from './testing/samples.ts'

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
    const add = async (functionName: string, ids: readonly string[]): Promise<void> => {
      await Promise.all(ids.map((id) => queue.add(anEvent(functionName, id))))
    }

    test('gives an event as it was added, to one taker, until it is finished', async () => {
      const payload = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
      const event = anEvent('f', 'e', { payload, qualifier: '1', clientContext: '{"a":"ü"}', traceId: 'Root=1' })
      await queue.add(event)
      const [taken] = await queue.take({ limit: 1, perFunction: 1, skip: new Set(), nowMs: 1000 })
      expect({ ...taken, payload: Buffer.from(taken?.payload ?? []) }).toEqual({ ...event, attempts: 0 })
      expect(await take()).toEqual([])
      await queue.finish('e')
      expect(await take({}, await opened.reopen())).toEqual([])
    })

    test('keeps what waits, is delayed or in flight over an end and a new start', async () => {
      await add('f', ['in flight', 'delayed', 'waits'])
      await take({ limit: 2 })
      await queue.putBack('delayed', 5000)
      const again = await opened.reopen()
      expect(await take({}, again)).toEqual(['in flight', 'waits'])
      expect(await take({ nowMs: 5000 }, again)).toEqual(['delayed'])
    })

    test('adds an id once', async () => {
      await add('f', ['a', 'a'])
      expect(await take()).toEqual(['a'])
    })

    test('hides what was put back until it is due, and counts the attempt', async () => {
      await add('f', ['a'])
      expect(await queue.nextDueMs()).toBeUndefined()
      await take()
      await queue.putBack('a', 3000)
      expect(await queue.nextDueMs()).toBe(3000)
      expect(await take({ nowMs: 2999 })).toEqual([])
      const [event] = await queue.take({ limit: 1, perFunction: 1, skip: new Set(), nowMs: 3000 })
      expect(event).toMatchObject({ id: 'a', attempts: 1 })
      expect(await queue.nextDueMs()).toBeUndefined()
    })

    test('serves functions in turn and each one in order, within its share', async () => {
      await add('a', ['a1', 'a2', 'a3', 'a4'])
      await add('b', ['b1'])
      await add('c', ['c1', 'c2'])
      expect(await take({ limit: 2, perFunction: 1 })).toEqual(['a1', 'b1'])
      expect(await take({ limit: 2, perFunction: 1 })).toEqual(['c1', 'a2'])
      expect(await take({ perFunction: 1 })).toEqual(['c2', 'a3'])
      expect(await take()).toEqual(['a4'])
    })

    test('leaves the events of skipped functions', async () => {
      await add('a', ['a1'])
      await add('b', ['b1'])
      expect(await take({ skip: new Set(['a']) })).toEqual(['b1'])
      expect(await take()).toEqual(['a1'])
    })
  })
}
