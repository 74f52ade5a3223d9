import { LambdaError } from '../../errors.ts'
import type { Attempt, RunAnswer } from './attempt.ts'
import { noProgress, type Condition, type EventProgress } from '../queue/event-progress.ts'
import type { EventStep, TakenEvent } from '../queue/event-queue.ts'
import type { EventSettings } from './event-settings.ts'

/** What becomes of an event: it is over, or it is tried again. Either is written down by the step. */
export interface Decision {
  readonly step: EventStep
  /** When it is tried again; its progress has an outcome when it is not. */
  readonly againMs?: number
}

export interface Circumstances {
  readonly event: TakenEvent
  readonly settings: EventSettings
  readonly nowMs: number
  /** How long the first retry of a failed function waits; the second waits twice as long. A minute on AWS. */
  readonly retryDelayMs: number
}

const firstBackOffMs = 1000
const longestBackOffMs = 5 * 60 * 1000
/** What a dead letter carries of an error's text (reference 6.3). */
const longestMessage = 1024

/** How long an event that could not be run waits before the next attempt: 1 s, doubled each time, 5 minutes at most. */
export function backOffMs(refusals: number): number {
  return Math.min(longestBackOffMs, firstBackOffMs * 2 ** Math.min(refusals, 20))
}

/** Whether an event is over before it is run: its function is switched off, or it waited too long. */
export function decideBeforeRun({ event, settings, nowMs }: Circumstances): Decision | undefined {
  const progress = event.progress ?? noProgress
  if (settings.isSwitchedOff) return over(progress, 'ZeroReservedConcurrency', nowMs, 429, 'Rate Exceeded.')
  if (nowMs - event.acceptedMs >= settings.maxAgeMs) return tooOld(progress, nowMs, event.answer)
  return undefined
}

/**
 * Decides what comes of an attempt (reference 6.1). A failed function is run again as often as configured. Throttles, our
 * faults and functions that are not ready are not the event's fault: it waits longer each time. Whatever would be tried
 * again when it is too old is given up now.
 */
export function decideAfterRun(circumstances: Circumstances, attempt: Attempt): Decision {
  return 'answer' in attempt
    ? decideOnAnswer(circumstances, attempt.answer)
    : decideOnRefusal(circumstances, attempt.refusal)
}

function decideOnAnswer({ event, settings, nowMs, retryDelayMs }: Circumstances, answer: RunAnswer): Decision {
  const runs = (event.progress?.runs ?? 0) + 1
  const { executedVersion, functionError, payload } = answer
  const lastRun = { executedVersion, ...(functionError === undefined ? {} : { functionError }) }
  const progress = { runs, refusals: 0, lastRun }
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

/** What the caller did wrong stays wrong; too many at once and a function that is not ready yet do not. */
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
