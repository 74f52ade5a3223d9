import type { EventQueue, QueuedEvent } from '../../../events/queue/event-queue.ts'
import { untilStored } from '../../availability/until-stored.ts'
import type { RedisConnection } from '../connection/connection.ts'
import { loadEventSteps, type AddedEvent, type EventSteps } from './event-steps.ts'
import { batchedCall } from './batched-call.ts'
import { eventKeys } from '../connection/keys.ts'
import type { ChannelListener } from '../connection/subscription.ts'

export interface EventQueueOptions {
  readonly connection: RedisConnection
  /** The name of this taker; new with each start. */
  readonly taker: string
  readonly now: () => number
  /** When the process dies, its events in flight are ready again after this time, in milliseconds. */
  readonly leaseMs?: number
}

/** The queue of one server, with notifications of the others. */
export interface RedisEventQueue extends EventQueue {
  onNews(listener: () => void): void
  readonly newsListener: ChannelListener
  /** Makes the events in flight at this server ready for the others. */
  close(): Promise<void>
  /** Stops as if the process had died: events stay in flight until the lease expires. */
  abandon(): void
}

const defaultLeaseMs = 15_000
/** How often the lease is renewed and events of dead takers are looked for. */
const watchMs = 1_000
/** Minimum interval of notifications of new events. */
const newsMs = 20
/** Most events, and payload bytes, per call that adds or finishes. */
const batchLimits = { most: 100, maxBytes: 1024 * 1024 }
/** How long to collect completed events into one call. If the server dies meanwhile, they run again. */
const lingerMs = 2

/**
 * The queue in Redis, shared by all replicas. Leases are measured by Redis' clock alone. Times of the caller's clock are converted
 * to Redis' clock by the difference between the two, rounded to a tenth of a second, since less is network latency. So a server
 * whose clock is wrong delays events correctly, and does not misjudge their age.
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
    // A take that timed out may have been executed later. While another take is under way, this releases nothing and does no harm.
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
      // Until the reply arrives: if it is lost, events may be in flight at this server that it does not run.
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

/** Writers of steps: one keeps an event in flight, the other takes it out of flight. */
function writersOf(inFlight: Map<string, string>, closing: AbortSignal) {
  /** When Redis rejects a step for good, this server abandons the event to its next taker. */
  const write = async (id: string, step: () => Promise<void>): Promise<void> => {
    try {
      await untilStored(step, closing)
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

/** Events that cannot be released now are ready once the lease expires. */
async function leave(steps: EventSteps, stop: () => void): Promise<void> {
  stop()
  await steps.release([], true).catch(() => undefined)
}

/** Notifies the others of new events, at most once per interval. */
function announcer(connection: RedisConnection): { soon(): void; stop(): void } {
  let timer: NodeJS.Timeout | undefined
  const publish = (): void => {
    timer = undefined
    // A server that misses it polls within a second.
    connection.run((redis) => redis.publish(eventKeys.news, '')).catch(() => undefined)
  }
  return { soon: () => void (timer ??= setTimeout(publish, newsMs)), stop: () => clearTimeout(timer) }
}
