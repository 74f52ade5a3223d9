import type { EventProgress } from '../queue/event-progress.ts'
import type { QueuedEvent } from '../queue/event-queue.ts'
import type { EventSettings } from '../outcomes/event-settings.ts'

/** An event of a function; every byte may occur in its payload. */
export function anEvent(functionName: string, id: string, changes: Partial<QueuedEvent> = {}): QueuedEvent {
  const functionArn = `arn:aws:lambda:us-east-1:000000000000:function:${functionName}`
  return { id, functionName, functionArn, payload: Buffer.from(id), acceptedMs: 1, ...changes }
}

/** How far an event came whose function failed once. */
export const aProgress: EventProgress = {
  runs: 1,
  refusals: 0,
  lastRun: { executedVersion: '$LATEST', functionError: 'Unhandled' },
}

/** What holds on AWS when nothing is configured (reference 6.1). */
export const defaultSettings: EventSettings = { maxAgeMs: 6 * 60 * 60 * 1000, maxRetries: 2, isSwitchedOff: false }
