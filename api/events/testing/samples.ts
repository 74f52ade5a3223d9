import type { EventProgress } from '../queue/event-progress.ts'
import type { QueuedEvent } from '../queue/event-queue.ts'
import type { EventSettings } from '../outcomes/event-settings.ts'

/** An event of a function. */
export function anEvent(functionName: string, id: string, changes: Partial<QueuedEvent> = {}): QueuedEvent {
  const functionArn = `arn:aws:lambda:us-east-1:000000000000:function:${functionName}`
  return { id, functionName, functionArn, payload: Buffer.from(id), acceptedMs: 1, ...changes }
}

/** The progress of an event whose function failed once. */
export const aProgress: EventProgress = {
  runs: 1,
  refusals: 0,
  lastRun: { executedVersion: '$LATEST', functionError: 'Unhandled' },
}

/** AWS's defaults (reference 6.1). */
export const defaultSettings: EventSettings = { maxAgeMs: 6 * 60 * 60 * 1000, maxRetries: 2, isSwitchedOff: false }
