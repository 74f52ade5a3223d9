import { callAws } from './stream-call.ts'
import type { SourceParts } from '../polling/source.ts'
import type { Page, Position, Shard, Stream } from './stream.ts'
import type { StreamRecord } from '../batches/stream-record.ts'

interface Change {
  readonly eventID: string
  readonly eventName: string
  readonly awsRegion?: string
  readonly dynamodb: {
    /** Seconds. */
    readonly ApproximateCreationDateTime: number
    readonly Keys?: object
    readonly NewImage?: object
    readonly OldImage?: object
    readonly SequenceNumber: string
    readonly SizeBytes: number
    readonly StreamViewType: string
  }
  readonly userIdentity?: { readonly PrincipalId?: string; readonly Type?: string }
}

interface DynamoShard {
  readonly ShardId: string
  readonly ParentShardId?: string
  readonly SequenceNumberRange?: { readonly EndingSequenceNumber?: string }
}

interface Description {
  readonly StreamDescription: { readonly Shards?: DynamoShard[]; readonly LastEvaluatedShardId?: string }
}

/** The stream of a DynamoDB table. It retains records for a day, so a timestamp is read from the beginning. */
export function createDynamoStream({ settings, services }: Pick<SourceParts, 'settings' | 'services'>): Stream {
  const { sourceArn } = settings
  const call = <Answer>(action: string, input: object, signal?: AbortSignal) =>
    callAws<Answer>(services, {
      service: 'dynamodb',
      arn: sourceArn,
      target: `DynamoDBStreams_20120810.${action}`,
      input,
      signal,
    })
  return {
    pollMs: 250,
    dataKey: 'dynamodb',
    batchInfoKey: 'DDBStreamBatchInfo',
    async shards() {
      const shards: DynamoShard[] = []
      let start: object = {}
      for (;;) {
        const input = { StreamArn: sourceArn, ...start }
        const { StreamDescription: page } = await call<Description>('DescribeStream', input)
        shards.push(...(page.Shards ?? []))
        if (page.LastEvaluatedShardId === undefined) return shards.map(shardOf)
        start = { ExclusiveStartShardId: page.LastEvaluatedShardId }
      }
    },
    async iterator(shardId, position) {
      const input = { StreamArn: sourceArn, ShardId: shardId, ...iteratorOf(position) }
      return (await call<{ ShardIterator: string }>('GetShardIterator', input)).ShardIterator
    },
    async read(_shardId, iterator, most, signal): Promise<Page> {
      const input = { ShardIterator: iterator, Limit: Math.min(most, 1000) }
      const answer = await call<{ Records?: Change[]; NextShardIterator?: string | null }>('GetRecords', input, signal)
      const records = (answer.Records ?? []).map((change) => recordOf(change, sourceArn))
      return { records, ...(answer.NextShardIterator ? { next: answer.NextShardIterator } : {}) }
    },
  }
}

function shardOf({ ShardId, ParentShardId, SequenceNumberRange }: DynamoShard): Shard {
  const parentIds = ParentShardId === undefined ? [] : [ParentShardId]
  return { id: ShardId, parentIds, isClosed: SequenceNumberRange?.EndingSequenceNumber !== undefined }
}

function iteratorOf(position: Position): object {
  if ('after' in position) return { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', SequenceNumber: position.after }
  return { ShardIteratorType: 'from' in position ? position.from : 'TRIM_HORIZON' }
}

/** One record of the event for a function (reference 8.3). */
function recordOf({ eventID, eventName, dynamodb, userIdentity }: Change, streamArn: string): StreamRecord {
  const identity = userIdentity && { principalId: userIdentity.PrincipalId, type: userIdentity.Type }
  return {
    sequenceNumber: dynamodb.SequenceNumber,
    arrivedMs: dynamodb.ApproximateCreationDateTime * 1000,
    orderKey: JSON.stringify(dynamodb.Keys ?? {}),
    data: dynamodb,
    event: {
      eventID,
      eventName,
      eventVersion: '1.1',
      eventSource: 'aws:dynamodb',
      awsRegion: streamArn.split(':')[3] ?? '',
      dynamodb,
      eventSourceARN: streamArn,
      ...(identity === undefined ? {} : { userIdentity: identity }),
    },
  }
}
