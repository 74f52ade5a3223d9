import type { PollSettings } from '../mappings/poll-settings.ts'
import type { BatchRun } from '../polling/batch-run.ts'
import type { FailureRecord, SourceParts } from '../polling/source.ts'
import type { StreamRecord } from './stream-record.ts'

/** Why a batch is not retried. */
export type Condition = 'RetryAttemptsExhausted' | 'RecordAgeExceeded' | 'MaximumPayloadSizeExceeded'

/** The key of a batch's description in a failure record. */
export type BatchInfoKey = 'KinesisBatchInfo' | 'DDBStreamBatchInfo' | 'RedisStreamBatchInfo'

/** A batch that is discarded. */
export interface Failure {
  readonly id: string
  readonly condition: Condition
  /** At least one. */
  readonly records: readonly StreamRecord[]
  readonly invocations: number
  readonly last: BatchRun | undefined
}

/**
 * Builds AWS's failure record of a batch, members in AWS's order (reference 8.3), with the batch info of its kind of source at
 * the end.
 */
export function failureRecord(
  { id, condition, invocations, last }: Failure,
  { functionArn }: Pick<PollSettings, 'functionArn'>,
  nowMs: number,
  batchInfo: object,
): object {
  return {
    requestContext: {
      requestId: id,
      functionArn,
      condition,
      approximateInvokeCount: Math.max(1, invocations),
    },
    ...responseContext(condition, last),
    version: '1.0',
    timestamp: new Date(nowMs).toISOString(),
    ...batchInfo,
  }
}

/** Builds the failure record of a batch of a stream, and the payload that buckets store with it. */
export function describeStreamBatch(
  failure: Failure,
  { settings, now }: Pick<SourceParts, 'settings' | 'now'>,
  key: BatchInfoKey,
  shardId: string,
): FailureRecord {
  const { id, records } = failure
  const info = streamBatchInfo(records, key, { shardId, streamArn: settings.sourceArn })
  const payload = JSON.stringify({ Records: records.map(({ event }) => event) })
  return { id, record: failureRecord(failure, settings, now(), info), payload, part: shardId }
}

function streamBatchInfo(
  records: readonly StreamRecord[],
  key: BatchInfoKey,
  { shardId, streamArn }: { readonly shardId: string; readonly streamArn: string },
): object {
  const [first, final] = [records[0], records.at(-1)]
  const timeOf = (record: StreamRecord | undefined) => {
    const text = new Date(record?.arrivedMs ?? 0).toISOString()
    return key === 'DDBStreamBatchInfo' ? `${text.slice(0, 19)}Z` : text
  }
  return {
    [key]: {
      shardId,
      startSequenceNumber: first?.sequenceNumber,
      endSequenceNumber: final?.sequenceNumber,
      approximateArrivalOfFirstRecord: timeOf(first),
      approximateArrivalOfLastRecord: timeOf(final),
      batchSize: records.length,
      streamArn,
    },
  }
}

function responseContext(condition: Condition, last: BatchRun | undefined): object {
  if (condition === 'MaximumPayloadSizeExceeded') return { responseContext: null }
  if (condition === 'RecordAgeExceeded' || last?.kind !== 'ran') return {}
  const { executedVersion, functionError } = last
  const failure = functionError === undefined ? {} : { functionError }
  return { responseContext: { statusCode: 200, executedVersion, ...failure } }
}
