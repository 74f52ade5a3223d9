import type { EventState } from '../../events/queue/failed-events.ts'
import type { QueuedEvent, TakenEvent } from '../../events/queue/event-queue.ts'

/** A row of the events table. */
export type EventRow = Record<string, unknown>

/** States, indexed by their number in the table. */
export const eventStates: readonly EventState[] = ['ready', 'delayed', 'inFlight', 'failed']

type Head = Omit<QueuedEvent, 'id' | 'functionName' | 'payload'>

/** Converts a row to an event without its payload. */
export function keptParts(row: EventRow): Omit<TakenEvent, 'payload'> {
  return {
    ...(JSON.parse(row['head'] as string) as Head),
    id: row['id'] as string,
    functionName: row['function'] as string,
    ...(typeof row['progress'] === 'string'
      ? { progress: JSON.parse(row['progress']) as NonNullable<TakenEvent['progress']> }
      : {}),
    ...(row['answer'] instanceof Uint8Array ? { answer: row['answer'] } : {}),
  }
}
