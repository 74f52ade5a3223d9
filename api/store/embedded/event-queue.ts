import type { DatabaseSync } from 'node:sqlite'
import type { EventQueue, QueuedEvent, TakenEvent, TakeRequest } from '../../events/queue.ts'
import { inUnsyncedTransaction, promiseOf } from './database.ts'
import type { GroupCommit } from './group-commit.ts'

type Row = Record<string, unknown>
type Statements = ReturnType<typeof prepare>

/** The queue in SQLite. What was in flight when the last process ended is ready again. */
export function openEventQueue(database: DatabaseSync, commits: GroupCommit): EventQueue {
  const statements = prepare(database)
  statements.release.run()
  let lastServed = ''

  const takeAll = (request: TakeRequest): TakenEvent[] => {
    statements.promote.run(request.nowMs)
    const taken: TakenEvent[] = []
    for (const name of functionsInTurn(statements, lastServed, request)) {
      const share = Math.min(request.perFunction, request.limit - taken.length)
      for (const row of statements.ready.all(name, share)) {
        statements.lease.run(Number(row['sequence']))
        taken.push(toEvent(name, row))
      }
      lastServed = name
      if (taken.length === request.limit) break
    }
    return taken
  }

  return {
    add: ({ id, functionName, payload, ...head }) => {
      const text = JSON.stringify(head)
      return commits.durably(() => void statements.add.run(id, functionName, text, payload))
    },
    // Who holds an event need not survive a power cut: the event does, and is run again.
    take: (request) => promiseOf(() => inUnsyncedTransaction(database, () => takeAll(request))),
    finish: (id) => commits.soon(() => void statements.finish.run(id)),
    putBack: (id, dueMs) => commits.soon(() => void statements.putBack.run(dueMs, id)),
    nextDueMs: () =>
      promiseOf(() => {
        const dueMs = statements.nextDue.get()?.['due_ms']
        return typeof dueMs === 'number' ? dueMs : undefined
      }),
  }
}

/** Each function that has ready events, once, from the one after the last that was served. */
function* functionsInTurn(
  statements: Statements,
  start: string,
  { skip }: TakeRequest,
): Generator<string, void, undefined> {
  let wrapped = false
  for (let at = start; ;) {
    const next = statements.nextFunction.get(at)?.['function'] as string | undefined
    if (next === undefined && wrapped) return
    if (wrapped && next !== undefined && next > start) return
    if (next === undefined) wrapped = true
    at = next ?? ''
    if (next !== undefined && !skip.has(next)) yield next
  }
}

function toEvent(functionName: string, row: Row): TakenEvent {
  const head = JSON.parse(row['head'] as string) as Omit<QueuedEvent, 'id' | 'functionName' | 'payload'>
  const [id, attempts, payload] = [row['id'] as string, Number(row['attempts']), row['payload'] as Uint8Array]
  return { ...head, id, functionName, attempts, payload }
}

function prepare(database: DatabaseSync) {
  const sql = (text: string) => database.prepare(text)
  return {
    release: sql('UPDATE events SET state = 0 WHERE state = 2'),
    add: sql(
      'INSERT INTO events (id, function, state, due_ms, attempts, head, payload) VALUES (?, ?, 0, 0, 0, ?, ?) ON CONFLICT DO NOTHING',
    ),
    promote: sql(`
      UPDATE events SET state = 0
      WHERE sequence IN (SELECT sequence FROM events WHERE state = 1 AND due_ms <= ? ORDER BY due_ms LIMIT 1000)`),
    nextFunction: sql('SELECT function FROM events WHERE state = 0 AND function > ? ORDER BY function LIMIT 1'),
    ready: sql(
      'SELECT sequence, id, attempts, head, payload FROM events WHERE state = 0 AND function = ? ORDER BY sequence LIMIT ?',
    ),
    lease: sql('UPDATE events SET state = 2 WHERE sequence = ?'),
    finish: sql('DELETE FROM events WHERE id = ?'),
    putBack: sql('UPDATE events SET state = 1, due_ms = ?, attempts = attempts + 1 WHERE id = ? AND state = 2'),
    nextDue: sql('SELECT min(due_ms) AS due_ms FROM events WHERE state = 1'),
  }
}
