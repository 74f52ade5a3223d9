import type { DatabaseSync } from 'node:sqlite'
import type { EventCounts, EventState, KeptEvents, ListedEvent } from '../../events/kept-events.ts'
import { promiseOf } from './database.ts'
import { eventStates, keptParts, type EventRow } from './event-row.ts'
import type { GroupCommit } from './group-commit.ts'

/** An operator's view of the queue in the same table. Each page is one read of an index. */
export function openKeptEvents(database: DatabaseSync, commits: GroupCommit): KeptEvents {
  const statements = prepare(database)

  const countsOf = (functionName: string): EventCounts => {
    const count = (state: EventState) => Number(statements.count[state].get(functionName)?.['count'])
    const [ready, delayed, inFlight, failed] = [count('ready'), count('delayed'), count('inFlight'), count('failed')]
    return { functionName, ready, delayed, inFlight, failed }
  }
  const changed = async (apply: () => number | bigint): Promise<boolean> => {
    let isChanged = false
    await commits.durably(() => void (isChanged = apply() > 0))
    return isChanged
  }

  return {
    counts: ({ after = '', limit }) =>
      promiseOf(() => {
        const found: EventCounts[] = []
        for (let at = after; found.length < limit;) {
          const next = statements.nextFunction.get(at)?.['function'] as string | null
          if (next === null) break
          found.push(countsOf(next))
          at = next
        }
        return found
      }),
    list: ({ functionName, state, cursor = '0', limit }) =>
      promiseOf(() => {
        const rows = statements.list[state].all(functionName, Number(cursor), limit)
        const events = rows.map((row) => listed(row))
        return rows.length < limit ? { events } : { events, cursor: String(rows.at(-1)?.['sequence']) }
      }),
    find: (id) =>
      promiseOf(() => {
        const row = statements.find.get(id)
        return row && { ...listed(row), payload: row['payload'] as Uint8Array }
      }),
    release: (id) => changed(() => statements.release.run(id).changes),
    remove: (id) => changed(() => statements.remove.run(id).changes),
  }
}

function listed(row: EventRow): ListedEvent {
  const state = eventStates[Number(row['state'])] ?? 'ready'
  return { ...keptParts(row), state, ...(state === 'delayed' ? { dueMs: Number(row['due_ms']) } : {}) }
}

function prepare(database: DatabaseSync) {
  const sql = (text: string) => database.prepare(text)
  const perState = (text: (state: number) => string) => {
    const [ready, delayed, inFlight, failed] = [sql(text(0)), sql(text(1)), sql(text(2)), sql(text(3))]
    return { ready, delayed, inFlight, failed }
  }
  const next = (state: number) =>
    `SELECT min(function) AS function FROM events WHERE state = ${state} AND function > ?1`
  return {
    nextFunction: sql(`SELECT min(function) AS function FROM (${[0, 1, 2, 3].map(next).join(' UNION ALL ')})`),
    count: perState((state) => `SELECT count(*) AS count FROM events WHERE state = ${state} AND function = ?`),
    list: perState(
      (state) => `
        SELECT sequence, id, function, state, due_ms, head, progress FROM events
        WHERE state = ${state} AND function = ? AND sequence > ? ORDER BY sequence LIMIT ?`,
    ),
    find: sql('SELECT * FROM events WHERE id = ?'),
    release: sql(`
      UPDATE events SET state = 0,
        progress = CASE state WHEN 3 THEN NULL ELSE progress END,
        answer = CASE state WHEN 3 THEN NULL ELSE answer END
      WHERE id = ? AND state IN (1, 3)`),
    remove: sql('DELETE FROM events WHERE id = ? AND state <> 2'),
  }
}
