import { availableParallelism } from 'node:os'
import type { Log } from '../observe/log.ts'
import { createPlaces, type Places } from './places.ts'
import type { EventQueue, QueuedEvent, TakenEvent } from './queue.ts'
import { settle, type SettleParts } from './settle.ts'
import { backOffMs } from './verdict.ts'
import { createWaker } from './waker.ts'

/**
 * Runs asynchronous events, at least once each.
 *
 * 1. accept   keeps the event, durable before it resolves        queue.ts
 * 2. take     what is due, in turn between functions             places.ts
 * 3. settle   runs it; what is over goes, the rest waits         settle.ts
 *
 * It sleeps until an event is accepted, here or, with a shared queue, elsewhere, a run ends, or a delayed event is due.
 */
export interface Dispatcher {
  /** Keeps an event; its id may be known for a time, as in the queue. */
  accept(event: QueuedEvent, knownForMs?: number): Promise<void>
  /** Begins with what an earlier server left. */
  start(): void
  /** There may be something to take that it does not know of. */
  wake(): void
  /** Takes no more, and waits so long for what runs; what still runs then is run again after the next start. */
  close(withinMs: number): Promise<void>
}

export interface DispatcherParts extends SettleParts {
  readonly log: Pick<Log, 'warn' | 'error'>
  /** Events that run at once. */
  readonly concurrency: number
  /** Events of one function that began a moment ago and run at once; twice the processors unless given. */
  readonly mostYoung?: number
}

/** A dispatcher for a queue that no other one in this process takes from. */
export function createDispatcher(parts: DispatcherParts): Dispatcher {
  const { queue, concurrency, now, mostYoung = 2 * availableParallelism() } = parts
  const places = createPlaces(concurrency, mostYoung)
  const state = { isOpen: false, checkedMs: 0, isReadable: true, onIdle: (): void => undefined }

  const takeWhatIsDue = async (): Promise<number | undefined> => {
    try {
      while (await takeOnce());
      state.isReadable = true
      return await nextDueMs(queue, places, state.checkedMs)
    } catch (cause) {
      if (state.isReadable) parts.log.error('Asynchronous events cannot be read from the store.', cause)
      state.isReadable = false
      return now() + backOffMs(0)
    }
  }
  const waker = createWaker(takeWhatIsDue, now)

  /** Answers whether there may be more to take and room for it. */
  const takeOnce = async (): Promise<boolean> => {
    state.checkedMs = now()
    const limit = places.free()
    if (limit === 0) return false
    const perFunction = Math.min(Math.ceil(limit / 2), mostYoung)
    const [nowMs, skip] = [state.checkedMs, places.closedTo(state.checkedMs)]
    const events = await queue.take({ limit, perFunction, skip, nowMs })
    if (!state.isOpen) return false
    for (const event of events) void runAndSettle(event)
    return events.length > 0
  }

  const runAndSettle = async (event: TakenEvent): Promise<void> => {
    const run = places.take(event.functionName, now())
    try {
      const { rests } = await settle(parts, event)
      if (rests) places.rest(event.functionName, now() + backOffMs(0))
    } catch (cause) {
      parts.log.error(`The outcome of event ${event.id} cannot be stored; it is run again after the next start.`, cause)
    } finally {
      places.giveBack(run)
    }
    if (places.free() === concurrency) state.onIdle()
    waker.wake()
  }

  return {
    accept: async (event, knownForMs) => {
      await queue.add(event, knownForMs)
      parts.counters.count(event.functionName, 'asyncEventsReceived')
      if (state.isOpen) waker.wake()
    },
    start: () => {
      state.isOpen = true
      queue.onNews?.(() => waker.wake())
      waker.wake()
    },
    wake: () => waker.wake(),
    close: async (withinMs) => {
      state.isOpen = false
      waker.stop()
      if (places.free() < concurrency) await calledWithin(withinMs, (whenIdle) => (state.onIdle = whenIdle))
    },
  }
}

/** Without a free place the end of a run is what wakes. */
async function nextDueMs(queue: EventQueue, places: Places, checkedMs: number): Promise<number | undefined> {
  if (places.free() === 0) return undefined
  const dueMs = await queue.nextDueMs()
  const times = [...places.opens().filter((time) => time > checkedMs), ...(dueMs === undefined ? [] : [dueMs])]
  return times.length === 0 ? undefined : Math.min(...times)
}

function calledWithin(withinMs: number, subscribe: (call: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    const deadline = setTimeout(resolve, withinMs)
    subscribe(() => {
      clearTimeout(deadline)
      resolve()
    })
  })
}
