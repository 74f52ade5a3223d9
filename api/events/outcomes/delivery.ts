import type { Log } from '../../observe/log.ts'
import { Undeliverable, type Deliver } from './destination-message.ts'
import type { Counters } from './event-counters.ts'
import type { EventProgress, Outcome, Pending } from '../queue/event-progress.ts'
import type { EventQueue, TakenEvent } from '../queue/event-queue.ts'
import { deadLetterMessage, recordMessage, type OverEvent } from './invocation-record.ts'
import type { EventSettings } from './event-settings.ts'
import { backOffMs } from './retry-policy.ts'

export interface DeliveryParts {
  readonly queue: EventQueue
  readonly deliver: Deliver
  readonly counters: Counters
  readonly maxFailedEvents: number
  readonly log: Pick<Log, 'warn'>
  readonly now: () => number
}

/** The timeout of one attempt, and how long delivery is retried. */
const attemptMs = 15_000
const longestMs = 6 * 60 * 60 * 1000

/** The targets of an outcome: a destination, a dead-letter target, or both (reference 6.2). */
export function targetsOf({ condition }: Outcome, settings: EventSettings): Pending {
  const { onSuccess, onFailure, deadLetterTargetArn } = settings
  if (condition === 'Success') return onSuccess === undefined ? {} : { destination: onSuccess }
  return {
    ...(onFailure === undefined ? {} : { destination: onFailure }),
    ...(deadLetterTargetArn === undefined ? {} : { deadLetter: deadLetterTargetArn }),
  }
}

/**
 * Delivers an outcome to its pending targets. The event leaves the queue once all have acknowledged; until then delivery is
 * retried with backoff. Delivery is abandoned when it cannot succeed, or after six hours, and the event is kept as failed.
 * The progress records the pending targets, so a process that dies here repeats at most one delivery.
 */
export async function deliverOutcome(parts: DeliveryParts, event: OverEvent): Promise<void> {
  const { progress } = event
  const { pending = {}, endedMs } = progress.outcome
  const [destination, deadLetter] = await Promise.all([
    deliverTo(parts, event, 'destinationDeliveryFailures', pending.destination, recordMessage),
    deliverTo(parts, event, 'deadLetterErrors', pending.deadLetter, deadLetterMessage),
  ])
  const faults = [destination, deadLetter].filter((fault) => fault !== undefined)
  if (faults.length === 0) return parts.queue.finish(event.id)
  const left = {
    ...(destination === undefined ? {} : { destination: pending.destination }),
    ...(deadLetter === undefined ? {} : { deadLetter: pending.deadLetter }),
  } as Pending
  const isOver = faults.every((fault) => fault instanceof Undeliverable) || parts.now() - endedMs >= longestMs
  const step = { progress: withPending(progress, left, progress.refusals + 1) }
  if (!isOver) return parts.queue.putBack(event.id, parts.now() + backOffMs(progress.refusals), step)
  await parts.queue.fail(event.id, step, parts.maxFailedEvents)
  parts.log.warn(`Delivery of the outcome of event ${event.id} was abandoned; the event is kept as failed.`)
}

/** The progress with the pending targets. */
export function withPending(
  progress: OverEvent['progress'],
  pending: Pending,
  refusals = progress.refusals,
): EventProgress {
  return { ...progress, refusals, outcome: { ...progress.outcome, pending } }
}

/** Whether an event has ended and only its outcome is pending delivery. */
export function isOver(event: TakenEvent): event is OverEvent {
  return event.progress?.outcome !== undefined
}

/** Delivers to one target, if there is one. Returns the error of a failed delivery. */
async function deliverTo(
  parts: DeliveryParts,
  event: OverEvent,
  counter: 'destinationDeliveryFailures' | 'deadLetterErrors',
  targetArn: string | undefined,
  messageOf: typeof recordMessage,
): Promise<Error | undefined> {
  if (targetArn === undefined) return undefined
  try {
    await parts.deliver(messageOf(event, targetArn), AbortSignal.timeout(attemptMs))
    return undefined
  } catch (fault) {
    parts.counters.count(event.functionName, counter)
    const cause = fault instanceof Error ? fault : new Error(String(fault))
    parts.log.warn(`The outcome of event ${event.id} could not be delivered to ${targetArn}: ${cause.message}`)
    return cause
  }
}
