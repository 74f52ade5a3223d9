import { availableParallelism } from 'node:os'
import { attempt, backOffMs, type RunEvent } from './attempt.ts'
import { createPlaces, type Places } from './places.ts'
import type { EventQueue, QueuedEvent, TakenEvent } from './queue.ts'
import { createWaker } from './waker.ts'

/**
 * Runs asynchronous events, at least once each.
 *
 * 1. accept   keeps the event, durable before it resolves        queue.ts
 * 2. take     what is due, in turn between functions             places.ts
 * 3. run      through the invocation that is given               attempt.ts
 * 4. settle   what is over goes; what could not be run waits
 *
 * It sleeps until an event is accepted, here or, with a shared queue, elsewhere, a run ends, or a delayed event is due.
 */
export interface Dispatcher {
  accept(event: QueuedEvent): Promise<void>
  /** Begins with what an earlier server left. */
  start(): void
  /** Takes no more, and waits so long for what runs; what still runs then is run again after the next start. */
  close(withinMs: number): Promise<void>
}

export interface DispatcherParts {
  readonly queue: EventQueue
  readonly run: RunEvent
  /** Told of failures of the queue and of events given up. */
  readonly warn: (message: string, cause: unknown) => void
  /** Events that run at once. */
  readonly concurrency: number
  /** Events of one function that began a moment ago and run at once; twice the processors unless given. */
  readonly mostYoung?: number
  readonly now: () => number
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
      if (state.isReadable) parts.warn('Asynchronous events cannot be read from the store.', cause)
      state.isReadable = false
      return now() + backOffMs(0)
    }
  }
  const waker = createWaker(takeWhatIsDue, now)

  /** Answers whether there may be more to take and room for it. */
  const takeOnce = async (): Promise<boolean> => {
    const [limit, nowMs] = [places.free(), now()]
    state.checkedMs = nowMs
    if (limit === 0) return false
    const events = await queue.take({
      limit,
      perFunction: Math.min(Math.ceil(limit / 2), mostYoung),
      skip: places.closedTo(nowMs),
      nowMs,
    })
    if (!state.isOpen) return false
    for (const event of events) void runAndSettle(event)
    return events.length > 0
  }

  const runAndSettle = async (event: TakenEvent): Promise<void> => {
    const run = places.take(event.functionName, now())
    try {
      await settle(parts, places, event)
    } catch (cause) {
      parts.warn(`The outcome of event ${event.id} cannot be stored; it is run again after the next start.`, cause)
    } finally {
      places.giveBack(run)
    }
    if (places.free() === concurrency) state.onIdle()
    waker.wake()
  }

  return {
    accept: async (event) => {
      await queue.add(event)
      if (state.isOpen) waker.wake()
    },
    start: () => {
      state.isOpen = true
      queue.onNews?.(() => waker.wake())
      waker.wake()
    },
    close: async (withinMs) => {
      state.isOpen = false
      waker.stop()
      if (places.free() < concurrency) await calledWithin(withinMs, (whenIdle) => (state.onIdle = whenIdle))
    },
  }
}

/** Runs the event; what is over leaves the queue, what could not be run waits there, and its function's other events a while. */
async function settle({ queue, run, warn, now }: DispatcherParts, places: Places, event: TakenEvent): Promise<void> {
  const { isOver, refusal } = await attempt(event, run, now)
  if (isOver && refusal !== undefined) warn(`Event ${event.id} of ${event.functionArn} is given up.`, refusal)
  if (isOver) return queue.finish(event.id)
  places.rest(event.functionName, now() + backOffMs(0))
  const { runs, refusals } = event.progress ?? { runs: 0, refusals: 0 }
  return queue.putBack(event.id, now() + backOffMs(refusals), { progress: { runs, refusals: refusals + 1 } })
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
