import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { EventState, FailedEvents } from './failed-events.ts'
import type { EventQueue } from './event-queue.ts'
import { anEvent, aProgress } from '../testing/samples.ts'

/** An empty queue and its view under test. */
export interface OpenedEvents {
  readonly queue: EventQueue
  readonly failedEvents: FailedEvents
  close(): Promise<void>
}

/** Holds an operator's view of a queue to its contract. */
export function describeFailedEvents(name: string, open: () => Promise<OpenedEvents>): void {
  describe(`${name} as an operator's view of events`, () => {
    let opened: OpenedEvents
    beforeEach(async () => {
      opened = await open()
    })
    afterEach(() => opened.close())

    /** Adds events that are in the state of that name in the end. */
    const addIn = async (state: EventState, functionName: string, ids: readonly string[]): Promise<void> => {
      const { queue } = opened
      for (const id of ids) await queue.add(anEvent(functionName, id))
      if (state === 'ready') return
      await queue.take({ limit: ids.length, perFunction: ids.length, skip: new Set(), nowMs: 1000 })
      for (const id of ids) {
        if (state === 'delayed') await queue.putBack(id, 5000, { progress: aProgress, answer: Buffer.from('{}') })
        if (state === 'failed') await queue.fail(id, { progress: aProgress, answer: Buffer.from('{}') }, 100)
      }
    }
    const addOneOfEach = async (): Promise<void> => {
      for (const state of ['failed', 'delayed', 'inFlight', 'ready'] as const) await addIn(state, 'f', [state])
    }
    const idsIn = async (state: EventState, functionName = 'f') =>
      (await opened.failedEvents.list({ functionName, state, limit: 100 })).events.map(({ id }) => id)
    const takeIds = async () =>
      (await opened.queue.take({ limit: 9, perFunction: 9, skip: new Set(), nowMs: 1000 })).map(({ id }) => id)

    test('counts the events of each function by state, in pages by name', async () => {
      await addOneOfEach()
      await addIn('failed', 'a', ['a1', 'a2'])
      const none = { ready: 0, delayed: 0, inFlight: 0, failed: 0 }
      const ofA = { ...none, functionName: 'a', failed: 2 }
      const ofF = { functionName: 'f', ready: 1, delayed: 1, inFlight: 1, failed: 1 }
      expect(await opened.failedEvents.counts({ limit: 9 })).toEqual([ofA, ofF])
      expect(await opened.failedEvents.counts({ limit: 1 })).toEqual([ofA])
      expect(await opened.failedEvents.counts({ after: 'a', limit: 1 })).toEqual([ofF])
      expect(await opened.failedEvents.counts({ after: 'f', limit: 1 })).toEqual([])
    })

    test('lists the events of a function in a state, oldest first, in pages', async () => {
      await addIn('failed', 'f', ['c', 'a', 'b'])
      await addIn('failed', 'g', ['other'])
      const first = await opened.failedEvents.list({ functionName: 'f', state: 'failed', limit: 2 })
      const { payload: _payload, ...listed } = anEvent('f', 'c')
      expect(first.events[0]).toEqual({ ...listed, state: 'failed', progress: aProgress })
      expect(first.events.map(({ id }) => id)).toEqual(['c', 'a'])
      const cursor = first.cursor ?? ''
      const rest = await opened.failedEvents.list({ functionName: 'f', state: 'failed', limit: 2, cursor })
      expect(rest.events.map(({ id }) => id)).toEqual(['b'])
      expect(rest.cursor).toBeUndefined()
    })

    test('finds an event with its payload and response, and nothing for an unknown id', async () => {
      await addIn('delayed', 'f', ['e'])
      const found = await opened.failedEvents.find('e')
      expect(found).toMatchObject({ id: 'e', state: 'delayed', dueMs: 5000, progress: aProgress })
      expect([found?.payload, found?.answer].map((bytes) => Buffer.from(bytes ?? []).toString())).toEqual(['e', '{}'])
      expect(await opened.failedEvents.find('unknown')).toBeUndefined()
    })

    test('releases delayed and failed events, a failed one without its progress', async () => {
      await addOneOfEach()
      const ids = ['failed', 'delayed', 'inFlight', 'unknown']
      const answers = await Promise.all(ids.map((id) => opened.failedEvents.release(id)))
      expect(answers).toEqual([true, true, false, false])
      expect(await opened.failedEvents.find('failed')).not.toHaveProperty('progress')
      expect(await opened.failedEvents.find('failed')).not.toHaveProperty('answer')
      expect(await opened.failedEvents.find('delayed')).toMatchObject({ state: 'ready', progress: aProgress })
      expect(await takeIds()).toEqual(expect.arrayContaining(['failed', 'delayed']))
    })

    test('discards the events of a function in every state, and none of another or added later', async () => {
      await addIn('failed', 'ff', ['other'])
      await addOneOfEach()
      const mark = await opened.failedEvents.mark()
      await opened.queue.add(anEvent('f', 'later'))
      expect(await opened.failedEvents.discard('f', mark)).toBe(4)
      expect(await opened.failedEvents.discard('f', mark)).toBe(0)
      const counts = { ready: 0, delayed: 0, inFlight: 0, failed: 0 }
      expect(await opened.failedEvents.counts({ limit: 9 })).toEqual([
        { ...counts, functionName: 'f', ready: 1 },
        { ...counts, functionName: 'ff', failed: 1 },
      ])
      // Its taker still runs it.
      const step = { progress: aProgress }
      await opened.queue.note('inFlight', step)
      await opened.queue.putBack('inFlight', 0, step)
      await opened.queue.fail('inFlight', step, 9)
      await opened.queue.finish('inFlight')
      expect(await opened.failedEvents.find('inFlight')).toBeUndefined()
      expect(await takeIds()).toEqual(['later'])
    })

    test('discards many events', async () => {
      const ids = Array.from({ length: 1200 }, (_, number) => `e${String(number)}`)
      await Promise.all(ids.map((id) => opened.queue.add(anEvent('f', id))))
      expect(await opened.failedEvents.discard('f', await opened.failedEvents.mark())).toBe(1200)
      expect(await opened.failedEvents.counts({ limit: 9 })).toEqual([])
      expect(await opened.failedEvents.mark()).toBeGreaterThanOrEqual(0)
    })

    test('removes any event that is not in flight', async () => {
      await addOneOfEach()
      await addIn('ready', 'f', ['waits'])
      const ids = ['failed', 'delayed', 'waits', 'inFlight', 'unknown']
      const answers = await Promise.all(ids.map((id) => opened.failedEvents.remove(id)))
      expect(answers).toEqual([true, true, true, false, false])
      expect(await takeIds()).toEqual(['ready'])
      expect(await idsIn('failed')).toEqual([])
    })
  })
}
