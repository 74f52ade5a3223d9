import { availableParallelism } from 'node:os'
import type { RunPermits } from './run-permits.ts'
import type { EventQueue, QueuedEvent } from '../queue/event-queue.ts'
import { createRuns, putBackAll, type RunsParts } from './runs.ts'
import { createReadyBuffer, nextRequest, wantsMore } from './ready-buffer.ts'
import { backOffMs } from '../outcomes/retry-policy.ts'
import { createWakeUp } from './wake-up.ts'

/**
 * Runs asynchronous events, at least once each.
 *
 * 1. accept   keeps the event, durable before it resolves        queue.ts
 * 2. take     what is due, in turn between functions             buffer.ts, places.ts
 * 3. wait     a moment for a place, when the function is quick   ahead.ts, serviceTimes.ts
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
  const buffer = createReadyBuffer(concurrency, mostYoung)
  const { permits, prefetch } = buffer
  const state = { isOpen: false, checkedMs: 0, isReadable: true, onIdle: (): void => undefined }

  const takeWhatIsDue = async (): Promise<number | undefined> => {
    try {
      while (await takeOnce());
      state.isReadable = true
      return await nextDueMs(queue, permits, state.checkedMs)
    } catch (cause) {
      if (state.isReadable) parts.log.error('Asynchronous events cannot be read from the store.', cause)
      state.isReadable = false
      return now() + backOffMs(0)
    }
  }
  const wakeUp = createWakeUp(takeWhatIsDue, now)
  const runs = createRuns(parts, buffer, (functionName) => {
    if (buffer.uncompleted === 0) state.onIdle()
    if (wantsMore(buffer, functionName)) wakeUp.wake()
  })

  /** Answers whether there may be more to take and room for it. */
  const takeOnce = async (): Promise<boolean> => {
    state.checkedMs = now()
    runs.startAll()
    if (permits.free() === 0) return false
    const events = await queue.take(nextRequest(buffer, state.checkedMs))
    events.forEach((event) => prefetch.add(event))
    if (!state.isOpen) void putBackAll(parts, prefetch.drain(), now())
    runs.startAll()
    return state.isOpen && events.length > 0
  }

  return {
    accept: async (event, knownForMs) => {
      await queue.add(event, knownForMs)
      parts.counters.count(event.functionName, 'asyncEventsReceived')
      if (state.isOpen && wantsMore(buffer, event.functionName)) wakeUp.wake()
    },
    start: () => {
      state.isOpen = true
      queue.onNews?.(() => wakeUp.wake())
      wakeUp.wake()
    },
    wake: () => wakeUp.wake(),
    close: async (withinMs) => {
      state.isOpen = false
      wakeUp.stop()
      void putBackAll(parts, prefetch.drain(), now())
      if (buffer.uncompleted > 0) await calledWithin(withinMs, (whenIdle) => (state.onIdle = whenIdle))
    },
  }
}

/** Without a free place the end of a run is what wakes. */
async function nextDueMs(queue: EventQueue, permits: RunPermits, checkedMs: number): Promise<number | undefined> {
  if (permits.free() === 0) return undefined
  const dueMs = await queue.nextDueMs()
  const times = [...permits.opens().filter((time) => time > checkedMs), ...(dueMs === undefined ? [] : [dueMs])]
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
