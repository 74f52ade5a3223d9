import { reportedFailures, type ReadIdentifier } from './partial-response.ts'
import type { Condition, Failure } from './failure-record.ts'
import { isOver, pause } from '../polling/pause.ts'
import { functionCallFailed } from '../mappings/processing-result.ts'
import type { BatchRun } from '../polling/batch-run.ts'
import type { FailureRecord, SourceParts } from '../polling/source.ts'
import type { StreamRecord } from './stream-record.ts'

/** Dependencies for running the batches of a shard or partition. */
export interface BatchParts extends Pick<SourceParts, 'settings' | 'run' | 'discard' | 'report' | 'newId' | 'now'> {
  /** Builds the failure record of a discarded batch. */
  readonly describe: (failure: Failure) => FailureRecord
  /** How the function identifies a failed record; by its sequence number if absent. */
  readonly readIdentifier?: ReadIdentifier
  /** Builds the event of a batch. */
  readonly eventOf: (records: readonly StreamRecord[]) => object
  /** Called with the function's response after each batch that succeeded. */
  readonly onAnswer: (payload: Uint8Array) => void
  /** Called with records that are complete: run, or discarded. */
  readonly onDone: (records: readonly StreamRecord[]) => Promise<void>
}

/** Records that are run together. */
interface Attempt {
  readonly records: readonly StreamRecord[]
  /** Failures that count towards the mapping's maximum of retries. */
  readonly failures: number
  readonly invocations: number
  readonly last?: BatchRun
}

const initialBackoffMs = 500
const maxBackoffMs = 60_000

/**
 * Runs a batch until each of its records is complete, or the signal aborts (reference 8.3).
 *
 * 1. age      records that are too old are discarded
 * 2. run      throttles and internal errors are retried without counting
 * 3. answer   successful records are complete; a failure is bisected, retried, or discarded
 */
export async function runStreamBatch(
  records: readonly StreamRecord[],
  parts: BatchParts,
  signal: AbortSignal,
): Promise<void> {
  const waiting: Attempt[] = [{ records, failures: 0, invocations: 0 }]
  for (let next = waiting.shift(); next !== undefined && !signal.aborted; next = waiting.shift()) {
    const young = await dropOld(next, parts)
    if (young.records.length === 0 && records.length > 0) continue
    const follow = await runAttempt(young, parts)
    waiting.unshift(...follow)
    const [again] = follow
    if (again !== undefined && again.invocations > 0 && !isOver(signal))
      await pause(backOffMs(again.invocations), signal)
  }
}

/** Half a second, doubled with each failure, up to a minute: eight attempts in a minute, as on AWS. */
function backOffMs(failures: number): number {
  return Math.min(maxBackoffMs, initialBackoffMs * 2 ** Math.min(failures - 1, 10))
}

async function dropOld(attempt: Attempt, parts: BatchParts): Promise<Attempt> {
  const { maximumRecordAgeSeconds } = parts.settings
  if (maximumRecordAgeSeconds < 0) return attempt
  const oldestMs = parts.now() - maximumRecordAgeSeconds * 1000
  const firstYoung = attempt.records.findIndex(({ arrivedMs }) => arrivedMs >= oldestMs)
  const count = firstYoung < 0 ? attempt.records.length : firstYoung
  if (count > 0) await discard({ ...attempt, records: attempt.records.slice(0, count) }, 'RecordAgeExceeded', parts)
  return { ...attempt, records: attempt.records.slice(count) }
}

/** Runs an attempt, and returns the attempts that follow. */
async function runAttempt(attempt: Attempt, parts: BatchParts): Promise<Attempt[]> {
  const { records } = attempt
  const last = await parts.run(parts.eventOf(records))
  if (last.kind === 'refused') {
    parts.report(functionCallFailed)
    return [{ ...attempt, invocations: attempt.invocations + 1 }]
  }
  const failedFrom = firstFailure(records, last, parts)
  if (failedFrom === undefined) {
    parts.report('OK')
    parts.onAnswer(last.payload)
    await parts.onDone(records)
    return []
  }
  parts.report(functionCallFailed)
  if (failedFrom > 0) {
    parts.onAnswer(last.payload)
    await parts.onDone(records.slice(0, failedFrom))
  }
  const rest = records.slice(failedFrom)
  return afterFailure({ ...attempt, records: rest, invocations: attempt.invocations + 1, last }, failedFrom > 0, parts)
}

/** The index of the first record that failed; undefined when none did. */
function firstFailure(
  records: readonly StreamRecord[],
  run: BatchRun & { kind: 'ran' },
  { settings, readIdentifier }: BatchParts,
) {
  if (run.functionError !== undefined) return 0
  if (!settings.reportsItemFailures) return undefined
  const ids = records.map(({ sequenceNumber }) => sequenceNumber)
  const failed = reportedFailures(run.payload, new Set(ids), readIdentifier)
  if (failed === 'all') return 0
  const first = ids.findIndex((id) => failed.has(id))
  return first < 0 ? undefined : first
}

/** Bisecting a batch does not consume a retry. */
async function afterFailure(attempt: Attempt, isSplit: boolean, parts: BatchParts): Promise<Attempt[]> {
  const { bisectsOnError, maximumRetryAttempts } = parts.settings
  const { records, failures } = attempt
  if (bisectsOnError && isSplit) return [attempt]
  if (bisectsOnError && records.length > 1) {
    const middle = Math.ceil(records.length / 2)
    return [records.slice(0, middle), records.slice(middle)].map((half) => ({ ...attempt, records: half }))
  }
  if (maximumRetryAttempts >= 0 && failures >= maximumRetryAttempts) {
    await discard(attempt, 'RetryAttemptsExhausted', parts)
    return []
  }
  return [{ ...attempt, failures: failures + 1 }]
}

async function discard(
  { records, invocations, last }: Attempt,
  condition: Condition,
  parts: BatchParts,
): Promise<void> {
  const id = last?.requestId ?? parts.newId()
  if (records.length > 0) await parts.discard(parts.describe({ id, condition, records, invocations, last }))
  await parts.onDone(records)
}
