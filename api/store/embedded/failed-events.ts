import type { DatabaseSync } from 'node:sqlite'
import type { EventCounts, FailedEvents, ListedEvent } from '../../events/queue/failed-events.ts'
import { promiseOf } from './transactions.ts'
import { eventStates, keptParts, type EventRow } from './event-row.ts'
import type { GroupCommit } from './group-commit.ts'

/** Most events that one transaction discards: a few milliseconds. */
const maxDiscarded = 500

/** The operator's view of the queue, on the same table. Each page is one read of an index. */
export function openFailedEvents(database: DatabaseSync, commits: GroupCommit): FailedEvents {
  keepCounts(database)
  const statements = prepare(database)

  const changes = async (apply: () => number | bigint): Promise<number> => {
    let count = 0
    await commits.durably(() => void (count = Number(apply())))
    return count
  }
  const changed = async (apply: () => number | bigint): Promise<boolean> => (await changes(apply)) > 0

  return {
    counts: ({ after = '', limit }) => promiseOf(() => statements.counts.all(after, limit).map(countsIn)),
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
    mark: () => promiseOf(() => Number(statements.newest.get()?.['sequence'] ?? 0)),
    discard: async (functionName, mark) => {
      let total = 0
      for (const step of Object.values(statements.discard)) {
        let removed: number
        do {
          removed = await changes(() => step.run(functionName, mark, maxDiscarded).changes)
          total += removed
        } while (removed === maxDiscarded)
      }
      return total
    },
  }
}

/**
 * Counts the events of each function and state once, and updates the counts with each change of the table: reading them takes as
 * long with a million events as with one. The counts are in memory, and each transaction updates them.
 */
function keepCounts(database: DatabaseSync): void {
  const one = (row: 'old' | 'new', sign: '+' | '-') => `
    INSERT INTO event_counts VALUES (${row}.function, ${row}.state, ${sign}1)
    ON CONFLICT DO UPDATE SET count = count ${sign} 1;`
  /** Reads only the index of that state, not the payloads. */
  const counted = (state: number) =>
    `SELECT function, ${String(state)}, count(*) FROM events WHERE state = ${String(state)} GROUP BY function`
  database.exec(`
    CREATE TEMP TABLE event_counts (
      function TEXT NOT NULL, state INTEGER NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (function, state)
    ) WITHOUT ROWID, STRICT;
    INSERT INTO event_counts ${[0, 1, 2, 3].map(counted).join(' UNION ALL ')};
    CREATE TEMP TRIGGER event_added AFTER INSERT ON main.events BEGIN ${one('new', '+')} END;
    CREATE TEMP TRIGGER event_removed AFTER DELETE ON main.events BEGIN ${one('old', '-')} END;
    CREATE TEMP TRIGGER event_moved AFTER UPDATE OF state ON main.events WHEN old.state <> new.state
    BEGIN ${one('old', '-')} ${one('new', '+')} END;`)
}

function countsIn(row: EventRow): EventCounts {
  const count = (name: 'ready' | 'delayed' | 'in_flight' | 'failed') => Number(row[name] ?? 0)
  const [ready, delayed, inFlight, failed] = [count('ready'), count('delayed'), count('in_flight'), count('failed')]
  return { functionName: String(row['function']), ready, delayed, inFlight, failed }
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
  return {
    counts: sql(`
      SELECT function,
        sum(count) FILTER (WHERE state = 0) AS ready, sum(count) FILTER (WHERE state = 1) AS delayed,
        sum(count) FILTER (WHERE state = 2) AS in_flight, sum(count) FILTER (WHERE state = 3) AS failed
      FROM temp.event_counts WHERE count > 0 AND function > ? GROUP BY function ORDER BY function LIMIT ?`),
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
    newest: sql('SELECT max(sequence) AS sequence FROM events'),
    discard: perState(
      (state) => `
        DELETE FROM events WHERE sequence IN (
          SELECT sequence FROM events WHERE state = ${state} AND function = ? AND sequence <= ? ORDER BY sequence LIMIT ?)`,
    ),
  }
}
