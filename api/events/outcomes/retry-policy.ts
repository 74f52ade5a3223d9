import { LambdaError } from '../../errors.ts'
import { RunLost } from '../../invoke/run-lost.ts'
import type { Attempt, RunAnswer } from './attempt.ts'
import { noProgress, type Condition, type EventProgress } from '../queue/event-progress.ts'
import type { EventStep, TakenEvent } from '../queue/event-queue.ts'
import type { EventSettings } from './event-settings.ts'

/** Whether an event has ended or is retried. The step records either. */
export interface Decision {
  readonly step: EventStep
  /** When the event is retried. Without it, the progress has an outcome. */
  readonly againMs?: number
}

export interface Circumstances {
  readonly event: TakenEvent
  readonly settings: EventSettings
  readonly nowMs: number
  /** The delay of the first retry after a function error; the second is twice as long. A minute on AWS. */
  readonly retryDelayMs: number
}

const initialBackoffMs = 1000
const maxBackoffMs = 5 * 60 * 1000
/** The number of losses from which on they count. */
const countedLosses = 2
/** The longest error message in a dead letter (reference 6.3). */
const longestMessage = 1024

/** The exponential backoff of an event that could not be run: 1 s, doubled each time, at most 5 minutes. */
export function backOffMs(refusals: number): number {
  return Math.min(maxBackoffMs, initialBackoffMs * 2 ** Math.min(refusals, 20))
}

/** Ends an event without running it if the reserved concurrency is 0 or the event is too old. */
export function decideBeforeRun({ event, settings, nowMs }: Circumstances): Decision | undefined {
  const progress = event.progress ?? noProgress
  if (settings.isSwitchedOff) return over(progress, 'ZeroReservedConcurrency', nowMs, 429, 'Rate Exceeded.')
  if (nowMs - event.acceptedMs >= settings.maxAgeMs) return tooOld(progress, nowMs, event.answer)
  return undefined
}

/**
 * Decides on an attempt (reference 6.1). A function error is retried as often as configured. Throttles, internal errors and
 * functions that are not ready do not count as runs and are retried with backoff. An event that would be too old at the
 * retry ends now.
 */
export function decideAfterRun(circumstances: Circumstances, attempt: Attempt): Decision {
  if ('answer' in attempt) return decideOnAnswer(circumstances, attempt.answer)
  if (attempt.refusal instanceof RunLost) return decideOnLoss(circumstances, attempt.refusal)
  return decideOnRefusal(circumstances, attempt.refusal)
}

/** A lost environment may be nobody's fault once. From the second loss on the event is assumed to end them: each counts as a run that failed. */
function decideOnLoss(circumstances: Circumstances, lost: RunLost): Decision {
  const { event } = circumstances
  const losses = (event.progress?.losses ?? 0) + 1
  const decision =
    losses < countedLosses
      ? decideOnRefusal(circumstances, lost)
      : decideOnAnswer(circumstances, lostAnswer(event.id, lost.executedVersion))
  const { step } = decision
  return { ...decision, step: { ...step, progress: { ...step.progress, losses } } }
}

function lostAnswer(id: string, executedVersion: string): RunAnswer {
  const errorMessage = `RequestId: ${id} Error: Runtime exited without providing a reason`
  const payload = Buffer.from(JSON.stringify({ errorType: 'Runtime.ExitError', errorMessage }))
  return { payload, functionError: 'Unhandled', executedVersion }
}

function decideOnAnswer({ event, settings, nowMs, retryDelayMs }: Circumstances, answer: RunAnswer): Decision {
  const runs = (event.progress?.runs ?? 0) + 1
  const { executedVersion, functionError, payload } = answer
  const lastRun = { executedVersion, ...(functionError === undefined ? {} : { functionError }) }
  const { losses } = event.progress ?? noProgress
  const progress = { runs, refusals: 0, lastRun, ...(losses === undefined ? {} : { losses }) }
  if (functionError === undefined) return over(progress, 'Success', nowMs, 200, undefined, payload)
  if (runs > settings.maxRetries) {
    return over(progress, 'RetriesExhausted', nowMs, 200, errorMessage(payload), payload)
  }
  const againMs = nowMs + retryDelayMs * runs
  if (againMs - event.acceptedMs >= settings.maxAgeMs) return tooOld(progress, nowMs, payload, payload)
  return { step: { progress, answer: payload }, againMs }
}

function decideOnRefusal({ event, settings, nowMs }: Circumstances, refusal: unknown): Decision {
  const { refusals, ...before } = event.progress ?? noProgress
  const progress = { ...before, refusals: refusals + 1 }
  const { status, text } = described(refusal)
  if (isFinal(refusal)) return over(progress, 'RetriesExhausted', nowMs, status, text)
  const againMs = nowMs + backOffMs(refusals)
  if (againMs - event.acceptedMs >= settings.maxAgeMs) return over(progress, 'EventAgeExceeded', nowMs, status, text)
  return { step: { progress }, againMs }
}

/** Client errors are final, except throttles and functions that are not ready yet. */
function isFinal(refusal: unknown): boolean {
  return refusal instanceof LambdaError && refusal.status < 500 && refusal.status !== 429 && refusal.status !== 409
}

function described(refusal: unknown): { status: number; text: string } {
  if (refusal instanceof LambdaError) return { status: refusal.status, text: refusal.message }
  return { status: 500, text: 'An internal error occurred.' }
}

function tooOld(progress: EventProgress, nowMs: number, lastAnswer?: Uint8Array, answer?: Uint8Array): Decision {
  const message = lastAnswer === undefined ? undefined : errorMessage(lastAnswer)
  return over(progress, 'EventAgeExceeded', nowMs, progress.lastRun === undefined ? 429 : 200, message, answer)
}

function over(
  progress: EventProgress,
  condition: Condition,
  endedMs: number,
  statusCode: number,
  text: string | undefined,
  answer?: Uint8Array,
): Decision {
  const message = text === undefined ? {} : { message: text.slice(0, longestMessage) }
  const outcome = { condition, endedMs, statusCode, ...message }
  return { step: { progress: { ...progress, refusals: 0, outcome }, ...(answer === undefined ? {} : { answer }) } }
}

/** The function's own `errorMessage`, when its answer has one. */
function errorMessage(answer: Uint8Array): string | undefined {
  try {
    const value = JSON.parse(Buffer.from(answer).toString('utf8')) as { errorMessage?: unknown } | null
    return typeof value?.errorMessage === 'string' ? value.errorMessage : undefined
  } catch {
    return undefined
  }
}
