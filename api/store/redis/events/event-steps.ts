import type { EventStep, QueuedEvent, TakenEvent, TakeRequest } from '../../../events/queue/event-queue.ts'
import type { RedisConnection } from '../connection/connection.ts'
import { eventKeys } from '../connection/keys.ts'
import { loadScript } from '../connection/script.ts'

/** An event, and how long its id stays known after its completion, ms. */
export type AddedEvent = QueuedEvent & { readonly knownForMs?: number | undefined }

/** The queue's atomic steps, for one taker. Times are Redis' milliseconds. */
export interface EventSteps {
  add(events: readonly AddedEvent[]): Promise<void>
  take(request: Omit<TakeRequest, 'nowMs'>, dueUntilMs: number): Promise<Taken>
  finish(ids: readonly string[]): Promise<void>
  note(id: string, step: EventStep): Promise<void>
  putBack(id: string, dueMs: number, step: EventStep): Promise<void>
  fail(event: { readonly id: string; readonly functionName: string }, step: EventStep, most: number): Promise<void>
  /** Makes this taker's events in flight ready again, except the given ids. With `isGoing`, also removes the taker. */
  release(keep: Iterable<string>, isGoing: boolean): Promise<void>
  /** Renews the lease and releases the events of dead takers. Returns Redis' time, whether there are events to take, and how many are in flight. */
  watch(): Promise<{ redisMs: number; isThereMore: boolean; inFlight: number }>
}

export interface Taken {
  readonly events: TakenEvent[]
  /** When the next delayed event is due. */
  readonly nextDueMs?: number
}

/** Maximum payload bytes of one reply, to bound its latency; a larger payload comes alone. */
const maxReplyBytes = 4 * 1024 * 1024

/** If no taker renewed its lease for this long, or for a third of the lease, Redis was unavailable. */
const minAwayMs = 3_000

/** Creates the steps of a taker. Each step that renews its lease extends it by `leaseMs`. */
export function loadEventSteps(connection: RedisConnection, taker: string, leaseMs: number): EventSteps {
  const step = (name: string) => loadScript(connection, name, import.meta.url)
  const [addEvents, takeEvents, finishEvents] = [step('add-events'), step('take-events'), step('finish-events')]
  const [putBackEvent, noteEvent, failEvent] = [step('put-back-event'), step('note-event'), step('fail-event')]
  const [releaseEvents, watchEvents] = [step('release-events'), step('watch-events')]
  const { eventPrefix, readyPrefix, heldPrefix, failedPrefix, waitingPrefix } = eventKeys
  const { turns, turn, delayed, takers, sequence, watched, waiting } = eventKeys
  const held = eventKeys.held(taker)
  const prefixes = [eventPrefix, readyPrefix, heldPrefix, failedPrefix, waitingPrefix]
  return {
    add: async (events) => {
      const args = events.flatMap(addedArguments)
      await addEvents([turns, turn, sequence], [eventPrefix, readyPrefix, eventKeys.knownPrefix, ...args])
    },
    take: async ({ limit, perFunction, skip, shares = [] }, dueUntilMs) => {
      const limits = [dueUntilMs, limit, perFunction, maxReplyBytes, waitingPrefix]
      const others = [...[...shares].flat(), ...[...skip].flatMap((name) => [name, 0])]
      const args = [eventPrefix, readyPrefix, taker, leaseMs, ...limits, ...others]
      const values = (await takeEvents.bytes([turns, turn, delayed, takers, held, waiting], args)) as (Buffer | null)[]
      const [nextDue = null] = values
      return { events: eventsOf(values.slice(1)), ...(nextDue === null ? {} : { nextDueMs: Number(nextDue) }) }
    },
    finish: async (ids) => {
      await finishEvents([turns, delayed, waiting], [...prefixes, ...ids])
    },
    note: async (id, made) => {
      await noteEvent([eventKeys.event(id)], [taker, ...argumentsOf(made)])
    },
    putBack: async (id, dueMs, made) => {
      await putBackEvent(
        [eventKeys.event(id), held, delayed, waiting],
        [id, taker, dueMs, waitingPrefix, ...argumentsOf(made)],
      )
    },
    fail: async ({ id, functionName }, made, most) => {
      const keys = [eventKeys.event(id), held, failedPrefix + functionName, eventKeys.failing]
      await failEvent(keys, [id, taker, eventPrefix, most, ...argumentsOf(made)])
    },
    release: async (keep, isGoing) => {
      await releaseEvents([held, turns, turn, takers], [eventPrefix, readyPrefix, taker, isGoing ? 1 : 0, ...keep])
    },
    watch: async () => {
      const args = [eventPrefix, readyPrefix, heldPrefix, taker, leaseMs, Math.max(leaseMs / 3, minAwayMs)]
      const [redisMs, some, inFlight] = (await watchEvents([takers, turns, turn, delayed, watched], args)) as [
        string,
        number,
        number,
      ]
      return { redisMs: Number(redisMs), isThereMore: some > 0, inFlight }
    },
  }
}

function asBuffer(payload: Uint8Array): Buffer {
  return Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength)
}

function addedArguments({ id, functionName, payload, knownForMs, ...head }: AddedEvent): (string | number | Buffer)[] {
  return [id, functionName, JSON.stringify(head), asBuffer(payload), knownForMs ?? '']
}

function argumentsOf({ progress, answer }: EventStep): (string | Buffer)[] {
  return [JSON.stringify(progress), ...(answer === undefined ? [] : [asBuffer(answer)])]
}

function eventsOf(values: readonly (Buffer | null)[]): TakenEvent[] {
  return Array.from({ length: values.length / 6 }, (_, at) => {
    const [id, functionName, head, payload, progress, answer] = values.slice(at * 6, at * 6 + 6)
    const described = JSON.parse(String(head)) as Omit<QueuedEvent, 'id' | 'functionName' | 'payload'>
    return {
      ...described,
      id: String(id),
      functionName: String(functionName),
      payload: payload ?? Buffer.alloc(0),
      ...(progress ? { progress: JSON.parse(String(progress)) as EventStep['progress'] } : {}),
      ...(answer ? { answer } : {}),
    }
  })
}
