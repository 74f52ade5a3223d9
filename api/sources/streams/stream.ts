import type { BatchInfoKey } from '../batches/failure-record.ts'
import type { StartingPosition } from '../mappings/poll-settings.ts'
import type { StreamRecord } from '../batches/stream-record.ts'

export interface Shard {
  readonly id: string
  readonly parentIds: readonly string[]
  /** The shard accepts no more records. */
  readonly isClosed: boolean
}

/** Where reading of a shard begins. */
export type Position =
  | { readonly after: string }
  | { readonly from: Exclude<StartingPosition, 'AT_TIMESTAMP'> }
  | { readonly sinceMs: number }

export interface Page {
  readonly records: readonly StreamRecord[]
  /** The iterator of the next page; absent at the end of a closed shard. */
  readonly next?: string
}

/** A stream of Kinesis or DynamoDB. Refusals of the service are thrown as `SourceFault`. */
export interface Stream {
  /** Shards that can still be read, parents before their children. */
  shards(): Promise<readonly Shard[]>
  /** Tells the stream from one that is created again under its name; undefined if the service does not say. Absent if ARNs do. */
  identity?(): Promise<string | undefined>
  iterator(shardId: string, position: Position): Promise<string>
  read(shardId: string, iterator: string, most: number, signal: AbortSignal): Promise<Page>
  /** Minimum interval between reads of a shard (reference 8.3). */
  readonly pollMs: number
  /** The key of the data for filters. */
  readonly dataKey: 'data' | 'dynamodb'
  readonly batchInfoKey: BatchInfoKey
}
