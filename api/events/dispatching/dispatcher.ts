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
 * 1. accept     stores the event durably                                ../queue/event-queue.ts
 * 2. take       due events, round-robin between functions               ready-buffer.ts, run-permits.ts
 * 3. prefetch   more events of fast functions than may run now          prefetch.ts, service-times.ts
 * 4. complete   runs the event; removes it, or schedules the retry      runs.ts, ../outcomes/completion.ts
 *
 * It sleeps until an event is accepted (by any server that shares the queue), a run ends, or a delayed event is due.
 */
export interface Dispatcher {
  /** Stores an event; with `knownForMs`, its id is deduplicated for that long. */
  accept(event: QueuedEvent, knownForMs?: number): Promise<void>
  /** Starts with the events that an earlier server left in the queue. */
  start(): void
  /** Returns the function's prefetched events to the queue: they may not be in it any more. */
  forget(functionName: string): void
  /** Checks the queue: it may have events that the dispatcher has not seen. */
  wake(): void
  /** Stops taking events and waits for running ones, up to the limit. Events that still run then run again after the next start. */
  close(withinMs: number): Promise<void>
}

export interface DispatcherParts extends RunsParts {
  /** Most events that run concurrently. */
  readonly concurrency: number
  /** Most concurrent young runs of one function; twice the number of processors by default. */
  readonly maxTaken?: number
}

/** A dispatcher for a queue. Each process has one dispatcher per queue. */
export function createDispatcher(parts: DispatcherParts): Dispatcher {
  const { queue, concurrency, now, maxTaken = 2 * availableParallelism() } = parts
  const buffer = createReadyBuffer(concurrency, maxTaken)
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

  /** Takes one batch. Returns whether there may be more events, and permits for them. */
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
    forget: (functionName) => void putBackAll(parts, prefetch.drain(functionName), now()),
    wake: () => wakeUp.wake(),
    close: async (withinMs) => {
      state.isOpen = false
      wakeUp.stop()
      void putBackAll(parts, prefetch.drain(), now())
      if (buffer.uncompleted > 0) await calledWithin(withinMs, (whenIdle) => (state.onIdle = whenIdle))
    },
  }
}

/** When to check the queue next. Without a free permit the end of a run wakes the dispatcher. */
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
