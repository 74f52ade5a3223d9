import { availableParallelism } from 'node:os'
import type { Places } from './run-permits.ts'
import type { EventQueue, QueuedEvent } from '../queue/event-queue.ts'
import { createRuns, giveBack, type RunsParts } from './runs.ts'
import { createStock, nextRequest, wantsMore } from './ready-buffer.ts'
import { backOffMs } from '../outcomes/retry-policy.ts'
import { createWaker } from './wake-up.ts'

/**
 * Runs asynchronous events, at least once each.
 *
 * 1. accept   keeps the event, durable before it resolves        queue.ts
 * 2. take     what is due, in turn between functions             stock.ts, places.ts
 * 3. wait     a moment for a place, when the function is quick   ahead.ts, paces.ts
 * 4. settle   runs it; what is over goes, the rest waits         runs.ts, settle.ts
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

export interface DispatcherParts extends RunsParts {
  /** Events that run at once. */
  readonly concurrency: number
  /** Events of one function that began a moment ago and run at once; twice the processors unless given. */
  readonly mostYoung?: number
}

/** A dispatcher for a queue that no other one in this process takes from. */
export function createDispatcher(parts: DispatcherParts): Dispatcher {
  const { queue, concurrency, now, mostYoung = 2 * availableParallelism() } = parts
  const stock = createStock(concurrency, mostYoung)
  const { places, ahead } = stock
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
  const runs = createRuns(parts, stock, (functionName) => {
    if (stock.unsettled === 0) state.onIdle()
    if (wantsMore(stock, functionName)) waker.wake()
  })

  /** Answers whether there may be more to take and room for it. */
  const takeOnce = async (): Promise<boolean> => {
    state.checkedMs = now()
    runs.startAll()
    if (places.free() === 0) return false
    const events = await queue.take(nextRequest(stock, state.checkedMs))
    events.forEach((event) => ahead.add(event))
    if (!state.isOpen) void giveBack(parts, ahead.leave(), now())
    runs.startAll()
    return state.isOpen && events.length > 0
  }

  return {
    accept: async (event, knownForMs) => {
      await queue.add(event, knownForMs)
      parts.counters.count(event.functionName, 'asyncEventsReceived')
      if (state.isOpen && wantsMore(stock, event.functionName)) waker.wake()
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
      void giveBack(parts, ahead.leave(), now())
      if (stock.unsettled > 0) await calledWithin(withinMs, (whenIdle) => (state.onIdle = whenIdle))
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
