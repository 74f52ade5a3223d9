import type { StartingPosition } from './poll-settings.ts'

/** One record of a stream, as its service has it. */
export interface StreamRecord {
  readonly sequenceNumber: string
  /** When the service took it, epoch milliseconds. */
  readonly arrivedMs: number
  /** Records with the same key are run in order: the partition key, or the item's. */
  readonly orderKey: string
  /** As the function gets it. */
  readonly event: object
  /** What filters look at besides the other members of the event: text, or an object. */
  readonly data: string | object
}

export interface Shard {
  readonly id: string
  readonly parentIds: readonly string[]
  /** Takes no more records. */
  readonly isClosed: boolean
}

/** Where reading of a shard begins. */
export type Position =
  | { readonly after: string }
  | { readonly from: Exclude<StartingPosition, 'AT_TIMESTAMP'> }
  | { readonly sinceMs: number }

export interface Page {
  readonly records: readonly StreamRecord[]
  /** Where to go on; nothing at the end of a closed shard. */
  readonly next?: string
}

/** A stream of Kinesis or DynamoDB. What the service refuses is a `SourceFault`. */
export interface Stream {
  /** Shards that can still be read, parents before their children. */
  shards(): Promise<readonly Shard[]>
  iterator(shardId: string, position: Position): Promise<string>
  read(shardId: string, iterator: string, most: number, signal: AbortSignal): Promise<Page>
  /** How often a shard is read, at most (reference 8.3). */
  readonly pollMs: number
  /** Where filters find the data. */
  readonly dataKey: 'data' | 'dynamodb'
  /** The key of the batch's description in a failure record. */
  readonly batchInfoKey: 'KinesisBatchInfo' | 'DDBStreamBatchInfo' | 'RedisStreamBatchInfo'
}
