import type { BatchRun } from './run-batch.ts'
import type { PollSettings } from './poll-settings.ts'
import type { Stream, StreamRecord } from './stream.ts'

/** Why a batch is not tried any more. */
export type Condition = 'RetryAttemptsExhausted' | 'RecordAgeExceeded'

export interface Failure {
  readonly id: string
  readonly condition: Condition
  /** At least one. */
  readonly records: readonly StreamRecord[]
  readonly invocations: number
  readonly last: BatchRun | undefined
  readonly settings: PollSettings
  readonly stream: Pick<Stream, 'batchInfoKey'>
  readonly shardId: string
  /** Epoch milliseconds. */
  readonly now: () => number
}

/** What an on-failure destination is told of a stream's batch: AWS's record, members in its order (reference 8.3). */
export function failureRecord(failure: Failure): object {
  const { id, condition, records, invocations, last, settings, stream, shardId, now } = failure
  const [first, final] = [records[0], records.at(-1)]
  const timeOf = (record: StreamRecord | undefined) => {
    const text = new Date(record?.arrivedMs ?? 0).toISOString()
    return stream.batchInfoKey === 'DDBStreamBatchInfo' ? `${text.slice(0, 19)}Z` : text
  }
  return {
    requestContext: {
      requestId: id,
      functionArn: settings.functionArn,
      condition,
      approximateInvokeCount: Math.max(1, invocations),
    },
    ...(condition === 'RecordAgeExceeded' || last?.kind !== 'ran' ? {} : { responseContext: responseOf(last) }),
    version: '1.0',
    timestamp: new Date(now()).toISOString(),
    [stream.batchInfoKey]: {
      shardId,
      startSequenceNumber: first?.sequenceNumber,
      endSequenceNumber: final?.sequenceNumber,
      approximateArrivalOfFirstRecord: timeOf(first),
      approximateArrivalOfLastRecord: timeOf(final),
      batchSize: records.length,
      streamArn: settings.sourceArn,
    },
  }
}

function responseOf({ executedVersion, functionError }: BatchRun & { kind: 'ran' }): object {
  return { statusCode: 200, executedVersion, ...(functionError === undefined ? {} : { functionError }) }
}
