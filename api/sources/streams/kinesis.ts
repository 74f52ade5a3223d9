import { callAws, StreamNotFound } from './stream-call.ts'
import { SourceFault, type SourceParts } from '../polling/source.ts'
import { streamArnOf } from './consumer-arn.ts'
import type { Page, Position, Shard, Stream } from './stream.ts'
import type { StreamRecord } from '../batches/stream-record.ts'

interface KinesisRecord {
  readonly SequenceNumber: string
  /** Seconds. */
  readonly ApproximateArrivalTimestamp: number
  /** Base64. */
  readonly Data: string
  readonly PartitionKey: string
}

interface KinesisShard {
  readonly ShardId: string
  readonly ParentShardId?: string
  readonly AdjacentParentShardId?: string
  readonly SequenceNumberRange: { readonly EndingSequenceNumber?: string }
}

interface StreamSummary {
  readonly StreamDescriptionSummary: { readonly StreamCreationTimestamp?: string | number }
}

/** The Kinesis stream of a mapping. A consumer is read as its stream, with shared throughput. */
export function createKinesisStream({
  settings,
  services,
  run,
}: Pick<SourceParts, 'settings' | 'services' | 'run'>): Stream {
  const { sourceArn } = settings
  const StreamARN = streamArnOf(sourceArn)
  const call = <Answer>(action: string, input: object, signal?: AbortSignal) =>
    callAws<Answer>(services, {
      service: 'kinesis',
      arn: sourceArn,
      target: `Kinesis_20131202.${action}`,
      input,
      signal,
    })
  return {
    pollMs: 1000,
    dataKey: 'data',
    batchInfoKey: 'KinesisBatchInfo',
    async shards() {
      const shards: KinesisShard[] = []
      let page: object = { StreamARN }
      for (;;) {
        const { Shards, NextToken } = await call<{ Shards: KinesisShard[]; NextToken?: string }>('ListShards', page)
        shards.push(...Shards)
        if (NextToken === undefined) return shards.map(shardOf)
        page = { NextToken }
      }
    },
    async identity() {
      try {
        const summary = await call<StreamSummary>('DescribeStreamSummary', { StreamARN })
        const { StreamCreationTimestamp: created } = summary.StreamDescriptionSummary
        return created === undefined ? undefined : String(created)
      } catch (error) {
        // A server whose credentials do not allow the call reads on as before.
        if (error instanceof SourceFault && !(error instanceof StreamNotFound)) return undefined
        throw error
      }
    },
    async iterator(shardId, position) {
      const input = { StreamARN, ShardId: shardId, ...iteratorOf(position) }
      return (await call<{ ShardIterator: string }>('GetShardIterator', input)).ShardIterator
    },
    async read(shardId, iterator, most, signal): Promise<Page> {
      const input = { StreamARN, ShardIterator: iterator, Limit: Math.min(most, 10_000) }
      const answer = await call<{ Records: KinesisRecord[]; NextShardIterator?: string | null }>(
        'GetRecords',
        input,
        signal,
      )
      const role = answer.Records.length > 0 ? (await run.target())?.roleArn : undefined
      const records = answer.Records.map((record) => recordOf(record, shardId, sourceArn, role ?? ''))
      return { records, ...(answer.NextShardIterator ? { next: answer.NextShardIterator } : {}) }
    },
  }
}

function shardOf({ ShardId, ParentShardId, AdjacentParentShardId, SequenceNumberRange }: KinesisShard): Shard {
  const parentIds = [ParentShardId, AdjacentParentShardId].filter((id) => id !== undefined)
  return { id: ShardId, parentIds, isClosed: SequenceNumberRange.EndingSequenceNumber !== undefined }
}

function iteratorOf(position: Position): object {
  if ('after' in position) {
    return { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', StartingSequenceNumber: position.after }
  }
  if ('from' in position) return { ShardIteratorType: position.from }
  return { ShardIteratorType: 'AT_TIMESTAMP', Timestamp: position.sinceMs / 1000 }
}

/** One record of the event for a function (reference 8.3). */
function recordOf(record: KinesisRecord, shardId: string, streamArn: string, roleArn: string): StreamRecord {
  const { SequenceNumber, ApproximateArrivalTimestamp, Data, PartitionKey } = record
  const kinesis = {
    kinesisSchemaVersion: '1.0',
    partitionKey: PartitionKey,
    sequenceNumber: SequenceNumber,
    data: Data,
    approximateArrivalTimestamp: ApproximateArrivalTimestamp,
  }
  const event = {
    kinesis,
    eventSource: 'aws:kinesis',
    eventVersion: '1.0',
    eventID: `${shardId}:${SequenceNumber}`,
    eventName: 'aws:kinesis:record',
    invokeIdentityArn: roleArn,
    awsRegion: streamArn.split(':')[3] ?? '',
    eventSourceARN: streamArn,
  }
  return {
    sequenceNumber: SequenceNumber,
    arrivedMs: ApproximateArrivalTimestamp * 1000,
    orderKey: PartitionKey,
    data: Buffer.from(Data, 'base64').toString(),
    // Patterns name `partitionKey` beside `data`, without `kinesis`.
    metadata: { ...event, ...kinesis },
    event,
  }
}
