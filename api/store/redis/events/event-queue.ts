import { setTimeout as delay } from 'node:timers/promises'
import { LambdaError } from '../../../errors.ts'
import type { EventQueue, QueuedEvent } from '../../../events/queue/event-queue.ts'
import type { RedisConnection } from '../connection/connection.ts'
import { loadEventSteps, type AddedEvent, type EventSteps } from './event-steps.ts'
import { batchedCall } from './batched-call.ts'
import { eventKeys } from '../connection/keys.ts'
import type { ChannelListener } from '../connection/subscription.ts'

export interface EventQueueOptions {
  readonly connection: RedisConnection
  /** Names who takes events here; new with each start. */
  readonly taker: string
  readonly now: () => number
  /** How long after the death of this process its events in flight are ready again, in milliseconds. */
  readonly leaseMs?: number
}

/** The queue of one replica, and how it hears of the others. */
export interface RedisEventQueue extends EventQueue {
  onNews(listener: () => void): void
  readonly newsListener: ChannelListener
  /** Makes what is in flight here ready for the others, at once. */
  close(): Promise<void>
  /** Ends as the death of the process would: what is in flight stays so until the lease ends. */
  abandon(): void
}

const defaultLeaseMs = 15_000
/** The lease is renewed, and what others left is looked for, this often. */
const watchMs = 1_000
/** Others are told of new events at most this often. */
const newsMs = 20
const retryMs = 250
/** So many events are added or finished by one call, and so many bytes of payload. */
const batchLimits = { most: 100, mostBytes: 1024 * 1024 }
/** What has run waits so long for others to be finished with it; of a server that dies then, it runs again. */
const lingerMs = 2

/**
 * The queue in Redis, shared by all replicas. Leases are measured by Redis' clock alone. Times of the caller's clock are moved
 * to Redis' clock by the difference between the two, rounded, since what is below a tenth of a second is the way there and
 * back; so a server whose clock is wrong delays events by as much as any other, and takes none for older than it is.
 */
export async function openEventQueue(options: EventQueueOptions): Promise<RedisEventQueue> {
  const { connection, taker, now, leaseMs = defaultLeaseMs } = options
  const steps = loadEventSteps(connection, taker, leaseMs)
  const { add, finish } = batchedSteps(steps)
  /** Ids in flight here, with their functions. */
  const inFlight = new Map<string, string>()
  const closing = new AbortController()
  const listeners: (() => void)[] = []
  const state = { clockAheadMs: 0, mayHoldUnknown: false, nextDueMs: undefined as number | undefined }
  const tell = (): void => listeners.forEach((listener) => listener())

  const watch = async (): Promise<void> => {
    const askedMs = now()
    const { redisMs, isThereMore, inFlight: heldInRedis } = await steps.watch()
    state.clockAheadMs = Math.round((redisMs - (askedMs + now()) / 2) / 200) * 200
    // A take that was given up as lost may have been carried out later. With a take under way this is nothing, and does no harm.
    const holdsUnknown = heldInRedis > inFlight.size
    if (holdsUnknown) state.mayHoldUnknown = true
    if (isThereMore || holdsUnknown) tell()
  }
  await watch()
  const watching = setInterval(() => void watch().catch(() => undefined), watchMs)
  const announce = announcer(connection)
  const stop = (): void => {
    clearInterval(watching)
    announce.stop()
    closing.abort()
  }

  const { write, complete } = writersOf(inFlight, closing.signal)

  return {
    add: async (event, knownForMs) => {
      await add({ ...event, acceptedMs: event.acceptedMs + state.clockAheadMs, knownForMs })
      announce.soon()
    },
    take: async ({ nowMs, ...request }) => {
      if (state.mayHoldUnknown) await steps.release(inFlight.keys(), false)
      // Until the answer is here: when it is lost, events may be in flight here that nobody runs.
      state.mayHoldUnknown = true
      const { events, nextDueMs } = await steps.take(request, nowMs + state.clockAheadMs)
      state.mayHoldUnknown = false
      state.nextDueMs = nextDueMs
      for (const { id, functionName } of events) inFlight.set(id, functionName)
      return events.map((event) => ({ ...event, acceptedMs: event.acceptedMs - state.clockAheadMs }))
    },
    finish: (id) => complete(id, () => finish(id)),
    note: (id, step) => write(id, () => steps.note(id, step)),
    putBack: async (id, dueMs, step) => {
      const redisDueMs = dueMs + state.clockAheadMs
      await complete(id, () => steps.putBack(id, redisDueMs, step))
      state.nextDueMs = Math.min(redisDueMs, state.nextDueMs ?? redisDueMs)
    },
    fail: async (id, step, most) => {
      const functionName = inFlight.get(id)
      if (functionName !== undefined) await complete(id, () => steps.fail({ id, functionName }, step, most))
    },
    nextDueMs: () => Promise.resolve(state.nextDueMs && state.nextDueMs - state.clockAheadMs),
    onNews: (listener) => void listeners.push(listener),
    newsListener: { onMessage: tell, onUp: tell },
    close: () => leave(steps, stop),
    abandon: stop,
  }
}

/** What writes down how far an event in flight has come, and what takes it out of flight as well. */
function writersOf(inFlight: Map<string, string>, closing: AbortSignal) {
  /** What Redis refuses for good leaves the event to whoever takes it next: nobody here goes on with it. */
  const write = async (id: string, step: () => Promise<void>): Promise<void> => {
    try {
      await untilDone(step, closing)
    } catch (cause) {
      inFlight.delete(id)
      throw cause
    }
  }
  const complete = async (id: string, step: () => Promise<void>): Promise<void> => {
    await write(id, step)
    inFlight.delete(id)
  }
  return { write, complete }
}

/** Adds and finishes events many at a time. */
function batchedSteps(steps: EventSteps) {
  const bytesOf = ({ payload }: QueuedEvent) => payload.length
  const add = batchedCall<AddedEvent>((events) => steps.add(events), { ...batchLimits, bytesOf })
  const bytesOfId = (id: string) => id.length
  const finish = batchedCall<string>((ids) => steps.finish(ids), { ...batchLimits, lingerMs, bytesOf: bytesOfId })
  return { add, finish }
}

/** What cannot be released now is when the lease ends. */
async function leave(steps: EventSteps, stop: () => void): Promise<void> {
  stop()
  await steps.release([], true).catch(() => undefined)
}

/** What came of an event is kept in mind until Redis has it: else the event would stay in flight as long as this process. */
async function untilDone(step: () => Promise<void>, closing: AbortSignal): Promise<void> {
  for (;;) {
    try {
      await step()
      return
    } catch (cause) {
      if (closing.aborted || !(cause instanceof LambdaError)) throw cause
      await delay(retryMs, undefined, { signal: closing })
    }
  }
}

/** Tells the others of new events, many at a time. */
function announcer(connection: RedisConnection): { soon(): void; stop(): void } {
  let timer: NodeJS.Timeout | undefined
  const publish = (): void => {
    timer = undefined
    // Who misses it looks by itself within a second.
    connection.run((redis) => redis.publish(eventKeys.news, '')).catch(() => undefined)
  }
  return { soon: () => void (timer ??= setTimeout(publish, newsMs)), stop: () => clearTimeout(timer) }
}
