import { kinds, LambdaError } from '../../errors.ts'
import { attempt, type Attempt, type RunEvent } from './attempt.ts'
import { targetsOf, deliverOutcome, isOver, withPending, type DeliveryParts } from './delivery.ts'
import { noProgress } from '../queue/event-progress.ts'
import type { TakenEvent } from '../queue/event-queue.ts'
import type { OverEvent } from './invocation-record.ts'
import type { EventSettings, SettingsOf } from './event-settings.ts'
import { backOffMs, decideAfterRun, decideBeforeRun, type Decision } from './retry-policy.ts'

export interface CompletionParts extends DeliveryParts {
  readonly run: RunEvent
  readonly settingsOf: SettingsOf
  /** How long the first retry of a failed function waits. */
  readonly retryDelayMs: number
}

/** Tells the dispatcher whether to pause the function. */
export interface Completion {
  readonly rests: boolean
}

const done: Completion = { rests: false }

/**
 * Processes one event as far as possible now.
 *
 * 1. settings   reads the function's current settings; an event of a deleted function is dropped   event-settings.ts
 * 2. run        invokes the function, unless the event has ended                                   attempt.ts
 * 3. decide     ended, or when to retry                                                            retry-policy.ts
 * 4. store      the time of the retry, or the outcome and its targets
 * 5. deliver    to the destination and the dead-letter target                                      delivery.ts
 *
 * If the process dies before step 4, the next one runs the event again. If it dies after it, the next one resumes at step 5.
 */
export async function complete(parts: CompletionParts, event: TakenEvent): Promise<Completion> {
  if (isOver(event)) {
    await deliverOutcome(parts, event)
    return done
  }
  const settings = await parts.settingsOf(event.functionName, event.qualifier).catch(unreadable)
  if (settings === undefined) return drop(parts, event)
  if ('cause' in settings) return postpone(parts, event, settings.cause)
  const { step, againMs } = await decisionOn(parts, event, settings)
  if (againMs !== undefined) {
    await parts.queue.putBack(event.id, againMs, step)
    return { rests: step.progress.refusals > 0 }
  }
  await end(parts, { ...event, ...step } as OverEvent, settings)
  return done
}

async function decisionOn(parts: CompletionParts, event: TakenEvent, settings: EventSettings): Promise<Decision> {
  const { now, retryDelayMs } = parts
  const before = decideBeforeRun({ event, settings, retryDelayMs, nowMs: now() })
  if (before !== undefined) return before
  const came = await attempt(event, parts.run)
  if (isLoop(came)) parts.counters.count(event.functionName, 'recursiveInvocationsDropped')
  return decideAfterRun({ event, settings, retryDelayMs, nowMs: now() }, came)
}

function isLoop(came: Attempt): boolean {
  return (
    'refusal' in came && came.refusal instanceof LambdaError && came.refusal.name === kinds.recursiveInvocation.name
  )
}

/** Without a target, a successful event is removed, and a failed one is kept so that it can be replayed. */
async function end(parts: CompletionParts, event: OverEvent, settings: EventSettings): Promise<void> {
  const { queue, log, counters, maxFailedEvents } = parts
  const { outcome } = event.progress
  const pending = targetsOf(outcome, settings)
  if (Object.keys(pending).length > 0) {
    const over = { ...event, progress: withPending(event.progress, pending) } as OverEvent
    await queue.note(event.id, over)
    return deliverOutcome(parts, over)
  }
  if (outcome.condition === 'Success') return queue.finish(event.id)
  await queue.fail(event.id, event, maxFailedEvents)
  counters.count(event.functionName, 'asyncEventsDropped')
  const why = outcome.message === undefined ? '' : `: ${outcome.message}`
  log.warn(`Event ${event.id} of ${event.functionArn} failed and has no destination, ${outcome.condition}${why}`)
}

/** AWS drops the events of a deleted function (reference 6.1). */
async function drop({ queue, log, counters }: CompletionParts, event: TakenEvent): Promise<Completion> {
  await queue.finish(event.id)
  counters.count(event.functionName, 'asyncEventsDropped')
  log.warn(`Event ${event.id} of ${event.functionArn} is dropped: its function was deleted.`)
  return done
}

function unreadable(cause: unknown): { readonly cause: unknown } {
  return { cause }
}

async function postpone({ queue, log, now }: CompletionParts, event: TakenEvent, cause: unknown): Promise<Completion> {
  const { refusals, ...progress } = event.progress ?? noProgress
  await queue.putBack(event.id, now() + backOffMs(refusals), { progress: { ...progress, refusals: refusals + 1 } })
  log.warn(`The settings for event ${event.id} cannot be read; the event is retried: ${String(cause)}`)
  return { rests: true }
}
