import type { FastifyInstance } from 'fastify'
import { invalidParameterValue, kinds, LambdaError } from '../../errors.ts'
import type { Counters } from '../../events/outcomes/event-counters.ts'
import type { EventState, FailedEvents, ListedEvent } from '../../events/queue/failed-events.ts'
import type { Redrive } from '../../events/queue/redrive.ts'

export interface FailedEventsDependencies {
  readonly failedEvents: FailedEvents
  readonly redrive: Redrive
  readonly counters: Pick<Counters, 'of'>
}

interface Request {
  readonly Params: { readonly name: string; readonly id: string }
  readonly Querystring: Readonly<Record<string, unknown>>
}

const root = '/_kubelambda/events'
const states: readonly EventState[] = ['ready', 'delayed', 'inFlight', 'failed']
const defaultLimit = 50
const maxPerPage = 1000

/** The admin API for events: list, inspect, replay, cancel and purge the queued and failed events of functions. */
export function registerFailedEvents(app: FastifyInstance, dependencies: FailedEventsDependencies): void {
  const { failedEvents, redrive, counters } = dependencies

  app.get<Request>(root, async ({ query }) => {
    const [limit, after] = [limitIn(query), textIn(query, 'after')]
    const functions = await failedEvents.counts({ limit, ...(after === undefined ? {} : { after }) })
    const next = functions.length < limit ? undefined : functions.at(-1)?.functionName
    return { functions: functions.map((each) => ({ ...each, ...counters.of(each.functionName) })), next }
  })

  app.get<Request>(`${root}/:name`, async ({ params, query }) => {
    const cursor = textIn(query, 'cursor')
    if (cursor !== undefined && !/^\d{1,16}$/.test(cursor)) throw invalidParameterValue('cursor is of no earlier page')
    const page = { functionName: params.name, state: stateIn(query), limit: limitIn(query) }
    const found = await failedEvents.list({ ...page, ...(cursor === undefined ? {} : { cursor }) })
    return { events: found.events.map(shown), cursor: found.cursor }
  })

  app.get<Request>(`${root}/:name/:id`, async ({ params: { name, id } }) => {
    const event = await redrive.find(name, id)
    if (event === undefined) throw notKept(id)
    const { payload, answer, ...rest } = event
    return { ...shown(rest), payload: textOf(payload), answer: answer && textOf(answer) }
  })

  app.post<Request>(`${root}/:name/:id/run`, async ({ params: { name, id } }) => {
    if ((await redrive.run(name, id)) === 0) throw await refused(redrive, name, id)
    return { run: 1 }
  })

  app.delete<Request>(`${root}/:name/:id`, async ({ params: { name, id } }) => {
    if ((await redrive.remove(name, id)) === 0) throw await refused(redrive, name, id)
    return { removed: 1 }
  })

  app.post<Request>(`${root}/:name/run`, async ({ params, query }) => ({
    run: await redrive.runAll(params.name, stateIn(query, ['failed', 'delayed'])),
  }))

  app.delete<Request>(`${root}/:name`, async ({ params, query }) => ({
    removed: await redrive.removeAll(params.name, stateIn(query, ['failed', 'delayed', 'ready'])),
  }))
}

function shown({ acceptedMs, dueMs, progress, ...rest }: ListedEvent): object {
  const { outcome, ...before } = progress ?? {}
  return {
    ...rest,
    accepted: new Date(acceptedMs),
    due: dueMs === undefined ? undefined : new Date(dueMs),
    ...before,
    outcome: outcome && { ...outcome, endedMs: undefined, ended: new Date(outcome.endedMs) },
  }
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8')
}

function textIn(query: Request['Querystring'], name: string): string | undefined {
  const value = Object.hasOwn(query, name) ? query[name] : undefined
  return typeof value === 'string' ? value : undefined
}

function limitIn(query: Request['Querystring']): number {
  const limit = Number(textIn(query, 'limit') ?? defaultLimit)
  if (Number.isInteger(limit) && limit >= 1 && limit <= maxPerPage) return limit
  throw invalidParameterValue(`limit must be a whole number from 1 to ${String(maxPerPage)}`)
}

function stateIn(query: Request['Querystring'], allowed = states): EventState {
  const given = textIn(query, 'state')
  const state = allowed.find((each) => each === given)
  if (state === undefined) throw invalidParameterValue(`state must be one of ${allowed.join(', ')}`)
  return state
}

function notKept(id: string): LambdaError {
  return new LambdaError(kinds.resourceNotFound, `No such event is kept: ${id}`)
}

/** The reason why an event was not changed. */
async function refused(redrive: Redrive, name: string, id: string): Promise<LambdaError> {
  const event = await redrive.find(name, id)
  if (event === undefined) return notKept(id)
  return new LambdaError(kinds.resourceConflict, `The event is in the following state: ${event.state}`)
}
