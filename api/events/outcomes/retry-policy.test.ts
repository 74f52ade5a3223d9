import { describe, expect, test } from '@jest/globals'
import { accountConcurrencyExceeded, functionNotFound } from '../../errors.ts'
import { conflicts } from '../../functions/function/errors.ts'
import { RunLost } from '../../invoke/run-lost.ts'
import type { EventProgress } from '../queue/event-progress.ts'
import type { EventSettings } from './event-settings.ts'
import { anEvent, defaultSettings } from '../testing/samples.ts'
import { backOffMs, decideAfterRun, decideBeforeRun } from './retry-policy.ts'

const minute = 60_000
const failure = Buffer.from('{"errorMessage":"it fails","errorType":"Error"}')
const failed = { answer: { payload: failure, functionError: 'Unhandled', executedVersion: '3' } }
const succeeded = { answer: { payload: Buffer.from('1'), executedVersion: '$LATEST' } }
const throttled = { refusal: accountConcurrencyExceeded() }

/** An event that was accepted at 0, as it is seen at a time. */
function at(nowMs: number, changes: Partial<EventSettings> = {}, progress?: EventProgress) {
  const event = { ...anEvent('f', 'e', { acceptedMs: 0 }), ...(progress === undefined ? {} : { progress }) }
  return { event, settings: { ...defaultSettings, ...changes }, nowMs, retryDelayMs: minute }
}

/** The conditions and times at which the function is run until the event is over, when each attempt takes no time. */
function story(settings: Partial<EventSettings>, attempt: Parameters<typeof decideAfterRun>[1]) {
  const attemptsAtMs: number[] = []
  let progress: EventProgress | undefined
  for (let nowMs = 0; ;) {
    attemptsAtMs.push(nowMs)
    const decision = decideAfterRun(at(nowMs, settings, progress), attempt)
    progress = decision.step.progress
    if (decision.againMs === undefined) return { attemptsAtMs, progress, condition: progress.outcome?.condition }
    nowMs = decision.againMs
  }
}

describe('the retry policy', () => {
  test('a failing function is run again after one minute and after two more', () => {
    const { attemptsAtMs, condition, progress } = story({}, failed)
    expect(attemptsAtMs).toEqual([0, minute, 3 * minute])
    expect(condition).toBe('RetriesExhausted')
    expect(progress.runs).toBe(3)
  })

  test.each([0, 1])('with %d retries configured it is run so much less often', (maxRetries) => {
    const { progress, condition } = story({ maxRetries }, failed)
    expect([progress.runs, condition]).toEqual([maxRetries + 1, 'RetriesExhausted'])
  })

  test.each([
    [60, 1],
    [90, 2],
  ])('with an age limit of %d s it is discarded at once after %d attempts', (seconds, attempts) => {
    const { attemptsAtMs, condition, progress } = story({ maxAgeMs: seconds * 1000 }, failed)
    expect(attemptsAtMs).toEqual([0, minute].slice(0, attempts))
    expect(condition).toBe('EventAgeExceeded')
    expect(progress.lastRun).toEqual({ executedVersion: '3', functionError: 'Unhandled' })
  })

  test("an environment that is lost once is nobody's fault, and from the second time on a failed run of the function", () => {
    const lost = { refusal: new RunLost(new Error('its supervisor ended'), '3') }
    const { attemptsAtMs, condition, progress } = story({}, lost)
    expect(attemptsAtMs).toEqual([0, 1000, minute + 1000, 3 * minute + 1000])
    expect([condition, progress.runs, progress.losses]).toEqual(['RetriesExhausted', 3, 4])
    expect(progress.lastRun).toEqual({ executedVersion: '3', functionError: 'Unhandled' })
    expect(progress.outcome?.message).toBe('RequestId: e Error: Runtime exited without providing a reason')
  })

  test('a lost environment is remembered over runs that end otherwise', () => {
    const lost = { refusal: new RunLost(new Error('its supervisor ended'), '3') }
    const first = decideAfterRun(at(0), lost)
    const second = decideAfterRun(at(1000, {}, first.step.progress), failed)
    const third = decideAfterRun(at(2000, {}, second.step.progress), lost)
    expect([second, third].map(({ step }) => step.progress.runs)).toEqual([1, 2])
  })

  test('a throttled event is retried with backoff, does not count as a run, and is discarded at its age limit', () => {
    const { attemptsAtMs, condition, progress } = story({ maxAgeMs: minute }, throttled)
    expect(attemptsAtMs).toEqual([0, 1000, 3000, 7000, 15_000, 31_000])
    expect(condition).toBe('EventAgeExceeded')
    expect(progress.runs).toBe(0)
    expect(progress.outcome).toMatchObject({ statusCode: 429, message: 'Rate Exceeded.' })
  })

  test('throttles between runs leave the retries as they are', () => {
    const throttle = decideAfterRun(at(5 * minute, {}, { runs: 2, refusals: 0 }), throttled)
    expect(throttle).toMatchObject({ step: { progress: { runs: 2, refusals: 1 } }, againMs: 5 * minute + 1000 })
    const { outcome } = decideAfterRun(at(6 * minute, {}, throttle.step.progress), failed).step.progress
    expect(outcome?.condition).toBe('RetriesExhausted')
  })

  test('internal errors and functions that are not ready are retried; client errors are not', () => {
    expect(decideAfterRun(at(0), { refusal: new Error('the store is away') }).againMs).toBe(1000)
    expect(decideAfterRun(at(0), { refusal: conflicts.inState('Pending') }).againMs).toBe(1000)
    expect(decideAfterRun(at(0), { refusal: functionNotFound('arn') }).step.progress.outcome).toMatchObject({
      condition: 'RetriesExhausted',
      statusCode: 404,
    })
  })

  test('the first kilobyte of the function’s own message is kept for the dead letter', () => {
    const payload = Buffer.from(JSON.stringify({ errorMessage: 'x'.repeat(5000) }))
    const decision = decideAfterRun(at(0, { maxRetries: 0 }), { answer: { ...failed.answer, payload } })
    expect(decision.step.progress.outcome?.message).toBe('x'.repeat(1024))
    expect(decision.step.answer).toEqual(payload)
  })

  test('success ends the event whatever came before', () => {
    const { step, againMs } = decideAfterRun(at(minute, {}, { runs: 1, refusals: 3 }), succeeded)
    expect(againMs).toBeUndefined()
    expect(step.progress).toMatchObject({ runs: 2, outcome: { condition: 'Success', statusCode: 200 } })
  })

  test('an event of a function with reserved concurrency 0, or one that is too old, is not run', () => {
    expect(decideBeforeRun(at(0, { isSwitchedOff: true }))?.step.progress).toMatchObject({
      runs: 0,
      outcome: { condition: 'ZeroReservedConcurrency' },
    })
    expect(decideBeforeRun(at(minute, { maxAgeMs: minute }))?.step.progress.outcome?.condition).toBe('EventAgeExceeded')
    expect(decideBeforeRun(at(minute - 1, { maxAgeMs: minute }))).toBeUndefined()
  })

  test('the backoff is from one second to five minutes', () => {
    expect([0, 1, 2, 8, 9, 1000].map(backOffMs)).toEqual([1000, 2000, 4000, 256_000, 300_000, 300_000])
  })
})
