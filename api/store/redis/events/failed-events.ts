import type { EventPage, EventState, FailedEvents, ListedEvent } from '../../../events/queue/failed-events.ts'
import type { QueuedEvent } from '../../../events/queue/event-queue.ts'
import type { RedisConnection } from '../connection/connection.ts'
import { eventKeys } from '../connection/keys.ts'
import { loadScript } from '../connection/script.ts'

type Head = Omit<QueuedEvent, 'id' | 'functionName' | 'payload'>

/** Most events that one call discards: a few milliseconds of Redis. */
const maxDiscarded = 500

/** The operator's view of the queue in Redis. */
export function openFailedEvents(connection: RedisConnection): FailedEvents {
  const step = (name: string) => loadScript(connection, name, import.meta.url)
  const [listEvents, listFunctions] = [step('list-events'), step('list-event-functions')]
  const [changeEvent, discardEvents] = [step('change-event'), step('discard-events')]
  const { eventPrefix, readyPrefix, failedPrefix, heldPrefix, waitingPrefix } = eventKeys
  const { turns, turn, delayed, takers, failing, waiting } = eventKeys
  const prefixes = [eventPrefix, readyPrefix, failedPrefix, heldPrefix]

  const page = async (functionName: string, state: EventState, after: string, limit: number) =>
    (await listEvents([delayed, takers], [...prefixes, functionName, state, after, limit, waitingPrefix])) as [
      number,
      ...Value[],
    ]
  const countsOf = async (functionName: string) => {
    const count = async (state: EventState) => (await page(functionName, state, '0', 0))[0]
    const [ready, later] = await Promise.all([count('ready'), count('delayed')])
    const [inFlight, failed] = await Promise.all([count('inFlight'), count('failed')])
    return { functionName, ready, delayed: later, inFlight, failed }
  }
  const change = async (id: string, what: 'release' | 'remove') => {
    const keys = [eventKeys.event(id), turns, turn, delayed, failing, waiting]
    return (await changeEvent(keys, [id, readyPrefix, failedPrefix, what, waitingPrefix])) === 1
  }

  return {
    counts: async ({ after = '', limit }) => {
      const names = (await listFunctions([turns, waiting, takers, failing], [eventPrefix, heldPrefix])) as string[]
      const wanted = names.filter((name) => name > after).toSorted((one, other) => (one < other ? -1 : 1))
      return Promise.all(wanted.slice(0, limit).map(countsOf))
    },
    list: async ({ functionName, state, cursor = '0', limit }: EventPage) => {
      const [, ...values] = await page(functionName, state, cursor, limit)
      const rows = Array.from({ length: values.length / 5 }, (_, at) => values.slice(at * 5, at * 5 + 5))
      const events = rows.map((row) => listed(functionName, state, row))
      const last = rows.length < limit ? undefined : rows.at(-1)?.[0]
      return { events, ...(typeof last === 'string' ? { cursor: last } : {}) }
    },
    find: async (id) => {
      const key = eventKeys.event(id)
      const [[head, name, progress, taker, payload, answer], due, failed] = await connection.run(async (redis) => {
        const fields = await redis.hmgetBuffer(key, 'head', 'function', 'progress', 'taker', 'payload', 'answer')
        const [dueMs, rank] = [await redis.zscore(delayed, id), await redis.zrank(failedPrefix + String(fields[1]), id)]
        return [fields, dueMs, rank] as const
      })
      if (!head || !name) return undefined
      const state = taker ? 'inFlight' : due !== null ? 'delayed' : failed !== null ? 'failed' : 'ready'
      const event = listed(String(name), state, ['', id, String(head), progress && String(progress), due])
      return { ...event, payload: payload ?? Buffer.alloc(0), ...(answer ? { answer } : {}) }
    },
    release: (id) => change(id, 'release'),
    remove: (id) => change(id, 'remove'),
    mark: async () => Number(await connection.run((redis) => redis.get(eventKeys.sequence))),
    discard: (functionName, mark) => {
      const args = [...prefixes, waitingPrefix, functionName, mark, maxDiscarded]
      return untilNone(() => discardEvents([turns, delayed, takers, failing, waiting], args))
    },
  }
}

/** Repeats a step until it removes nothing more; returns how much it removed. */
async function untilNone(step: () => Promise<unknown>): Promise<number> {
  const removed = Number(await step())
  return removed === 0 ? 0 : removed + (await untilNone(step))
}

type Value = string | null | undefined

function listed(functionName: string, state: EventState, [, id, head, progress, due]: readonly Value[]): ListedEvent {
  return {
    ...(JSON.parse(head ?? '{}') as Head),
    id: id ?? '',
    functionName,
    state,
    ...(progress ? { progress: JSON.parse(progress) as NonNullable<ListedEvent['progress']> } : {}),
    ...(state === 'delayed' && due ? { dueMs: Number(due) } : {}),
  }
}
