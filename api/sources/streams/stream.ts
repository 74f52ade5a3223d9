import type { BatchInfoKey } from '../batches/failure-record.ts'
import type { StartingPosition } from '../mappings/poll-settings.ts'
import type { StreamRecord } from '../batches/stream-record.ts'

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
  readonly batchInfoKey: BatchInfoKey
}
