import type { EventStep, QueuedEvent, TakenEvent, TakeRequest } from '../../events/queue.ts'
import type { RedisConnection } from './connection.ts'
import { eventKeys } from './keys.ts'
import { loadScript } from './script.ts'

/** The queue's atomic steps, for one taker. Times are Redis' milliseconds. */
export interface EventSteps {
  add(event: QueuedEvent, knownForMs?: number): Promise<void>
  take(request: Omit<TakeRequest, 'nowMs'>, dueUntilMs: number): Promise<TakenEvent[]>
  finish(id: string): Promise<void>
  note(id: string, step: EventStep): Promise<void>
  putBack(id: string, dueMs: number, step: EventStep): Promise<void>
  fail(event: { readonly id: string; readonly functionName: string }, step: EventStep, most: number): Promise<void>
  /** Makes what this taker has in flight ready again, but for the ids given; with `isGoing`, the taker goes. */
  release(keep: Iterable<string>, isGoing: boolean): Promise<void>
  /** Renews the lease, releases what dead takers had, and answers Redis' time, whether something is ready, and how much is in flight. */
  watch(): Promise<{ redisMs: number; hasReady: boolean; inFlight: number }>
  nextDueMs(): Promise<number | undefined>
}

/** Payload bytes of one reply, so that it is soon read; a larger payload comes alone. */
const mostReplyBytes = 4 * 1024 * 1024

/** The steps of a taker whose lease lasts so long from each step that renews it. */
export function loadEventSteps(connection: RedisConnection, taker: string, leaseMs: number): EventSteps {
  const step = (name: string) => loadScript(connection, name, import.meta.url)
  const [addEvent, takeEvents, finishEvent] = [step('add-event'), step('take-events'), step('finish-event')]
  const [putBackEvent, releaseEvents, watchEvents] = [
    step('put-back-event'),
    step('release-events'),
    step('watch-events'),
  ]
  const [noteEvent, failEvent] = [step('note-event'), step('fail-event')]
  const { eventPrefix, readyPrefix, heldPrefix, failedPrefix, turns, turn, delayed, takers, sequence } = eventKeys
  const held = eventKeys.held(taker)
  return {
    add: async ({ id, functionName, payload, ...head }, knownForMs) => {
      const keys = [eventKeys.event(id), readyPrefix + functionName, turns, turn, sequence]
      const args = [id, functionName, JSON.stringify(head), asBuffer(payload)]
      if (knownForMs === undefined) await addEvent(keys, args)
      else await addEvent([...keys, eventKeys.known(id)], [...args, knownForMs])
    },
    take: async ({ limit, perFunction, skip }, dueUntilMs) => {
      const limits = [dueUntilMs, limit, perFunction, mostReplyBytes]
      const args = [eventPrefix, readyPrefix, taker, leaseMs, ...limits, ...skip]
      return eventsOf((await takeEvents.bytes([turns, turn, delayed, takers, held], args)) as (Buffer | null)[])
    },
    finish: async (id) => {
      await finishEvent([eventKeys.event(id), turns, delayed], [id, readyPrefix, heldPrefix, failedPrefix])
    },
    note: async (id, made) => {
      await noteEvent([eventKeys.event(id)], [taker, ...argumentsOf(made)])
    },
    putBack: async (id, dueMs, made) => {
      await putBackEvent([eventKeys.event(id), held, delayed], [id, taker, dueMs, ...argumentsOf(made)])
    },
    fail: async ({ id, functionName }, made, most) => {
      const keys = [eventKeys.event(id), held, failedPrefix + functionName, eventKeys.failing]
      await failEvent(keys, [id, taker, eventPrefix, most, ...argumentsOf(made)])
    },
    release: async (keep, isGoing) => {
      await releaseEvents([held, turns, turn, takers], [eventPrefix, readyPrefix, taker, isGoing ? 1 : 0, ...keep])
    },
    watch: async () => {
      const args = [eventPrefix, readyPrefix, heldPrefix, taker, leaseMs]
      const [redisMs, functions, inFlight] = (await watchEvents([takers, turns, turn], args)) as [
        string,
        number,
        number,
      ]
      return { redisMs: Number(redisMs), hasReady: functions > 0, inFlight }
    },
    nextDueMs: async () => {
      const [, dueMs] = await connection.run((redis) => redis.zrange(delayed, '0', '0', 'WITHSCORES'))
      return dueMs === undefined ? undefined : Number(dueMs)
    },
  }
}

function asBuffer(payload: Uint8Array): Buffer {
  return Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength)
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
