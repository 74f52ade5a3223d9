import type { DatabaseSync } from 'node:sqlite'
import type { EventQueue, EventStep, TakenEvent, TakeRequest } from '../../events/queue/event-queue.ts'
import { keptParts, type EventRow } from './event-row.ts'
import { untilStored } from '../availability/until-stored.ts'
import type { GroupCommit } from './group-commit.ts'
import { promiseOf, type Transactions } from './transactions.ts'

type Statements = ReturnType<typeof prepare>

/** What the queue works with. */
export interface EventQueueParts {
  readonly database: DatabaseSync
  readonly transactions: Transactions
  readonly commits: GroupCommit
  /** Aborted when the store closes: steps that could not be stored yet are then given up. */
  readonly closing: AbortSignal
}

/**
 * The queue in SQLite. Events that were in flight when the last process ended are ready again. While the disk is full or fails, an
 * event is refused with Lambda's 503, and steps of events in flight are retried.
 */
export function openEventQueue({ database, transactions, commits, closing }: EventQueueParts): EventQueue {
  const statements = prepare(database)
  statements.release.run()
  let lastServed = ''
  const write = (apply: () => void): Promise<void> => untilStored(() => commits.soon(apply), closing)

  const takeAll = (request: TakeRequest): TakenEvent[] => {
    statements.promote.run(request.nowMs)
    const taken: TakenEvent[] = []
    for (const name of functionsInTurn(statements, lastServed, request)) {
      const share = Math.min(shareOf(name, request), request.limit - taken.length)
      for (const row of statements.ready.all(name, share) as EventRow[]) {
        statements.lease.run(Number(row['sequence']))
        taken.push({ ...keptParts(row), payload: row['payload'] as Uint8Array })
      }
      lastServed = name
      if (taken.length === request.limit) break
    }
    return taken
  }

  return {
    add: ({ id, functionName, payload, ...head }, knownForMs) => {
      const text = JSON.stringify(head)
      return commits.durably(() => {
        if (knownForMs !== undefined && !isNew(statements, id, knownForMs)) return
        statements.add.run(id, functionName, text, payload)
      })
    },
    // That an event is in flight need not survive a power failure: the event itself does, and runs again.
    take: (request) => promiseOf(() => transactions.unsynced(() => takeAll(request))),
    finish: (id) => write(() => void statements.finish.run(id)),
    note: (id, step) => write(() => void statements.note.run(...columnsOf(step), id)),
    putBack: (id, dueMs, step) => write(() => void statements.putBack.run(dueMs, ...columnsOf(step), id)),
    fail: (id, step, most) =>
      write(() => {
        statements.fail.run(...columnsOf(step), id)
        statements.trim.run(id, most)
      }),
    nextDueMs: () =>
      promiseOf(() => {
        const dueMs = statements.nextDue.get()?.['due_ms']
        return typeof dueMs === 'number' ? dueMs : undefined
      }),
  }
}

/** Registers the id; returns false when it is known already. */
function isNew({ forget, know }: Statements, id: string, knownForMs: number): boolean {
  const nowMs = Date.now()
  forget.run(nowMs)
  return know.run(id, nowMs + knownForMs).changes === 1
}

/** Functions with ready events, each once, round-robin from the one after the last served. */
function* functionsInTurn(
  statements: Statements,
  start: string,
  request: TakeRequest,
): Generator<string, void, undefined> {
  let wrapped = false
  for (let at = start; ;) {
    const next = statements.nextFunction.get(at)?.['function'] as string | undefined
    if (next === undefined && wrapped) return
    if (wrapped && next !== undefined && next > start) return
    if (next === undefined) wrapped = true
    at = next ?? ''
    if (next !== undefined && shareOf(next, request) > 0) yield next
  }
}

function shareOf(name: string, { perFunction, shares, skip }: TakeRequest): number {
  return skip.has(name) ? 0 : (shares?.get(name) ?? perFunction)
}

function columnsOf({ progress, answer }: EventStep): [string, Uint8Array | null] {
  return [JSON.stringify(progress), answer ?? null]
}

function prepare(database: DatabaseSync) {
  const sql = (text: string) => database.prepare(text)
  const step = 'progress = ?, answer = coalesce(?, answer) WHERE id = ? AND state = 2'
  return {
    release: sql('UPDATE events SET state = 0 WHERE state = 2'),
    add: sql(
      'INSERT INTO events (id, function, state, due_ms, head, payload) VALUES (?, ?, 0, 0, ?, ?) ON CONFLICT DO NOTHING',
    ),
    forget: sql('DELETE FROM known_events WHERE until_ms <= ?'),
    know: sql('INSERT INTO known_events (id, until_ms) VALUES (?, ?) ON CONFLICT DO NOTHING'),
    promote: sql(`
      UPDATE events SET state = 0
      WHERE sequence IN (SELECT sequence FROM events WHERE state = 1 AND due_ms <= ? ORDER BY due_ms LIMIT 1000)`),
    nextFunction: sql('SELECT function FROM events WHERE state = 0 AND function > ? ORDER BY function LIMIT 1'),
    ready: sql('SELECT * FROM events WHERE state = 0 AND function = ? ORDER BY sequence LIMIT ?'),
    lease: sql('UPDATE events SET state = 2 WHERE sequence = ?'),
    finish: sql('DELETE FROM events WHERE id = ?'),
    note: sql(`UPDATE events SET ${step}`),
    putBack: sql(`UPDATE events SET state = 1, due_ms = ?, ${step}`),
    fail: sql(`UPDATE events SET state = 3, ${step}`),
    trim: sql(`
      DELETE FROM events WHERE sequence IN (
        SELECT sequence FROM events
        WHERE state = 3 AND function = (SELECT function FROM events WHERE id = ?)
        ORDER BY sequence DESC LIMIT -1 OFFSET ?)`),
    nextDue: sql('SELECT min(due_ms) AS due_ms FROM events WHERE state = 1'),
  }
}
