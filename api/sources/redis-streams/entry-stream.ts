/** An entry of a Redis stream, its names and values as bytes. */
export interface StreamEntry {
  readonly id: string
  readonly fields: readonly (readonly [name: Buffer, value: Buffer])[]
}

/**
 * A Redis stream as one consumer group reads it. Promises that `entry-stream.test.ts` of the store holds: an entry that was
 * handed out is pending until it is acknowledged, whoever took it and whether that one is alive; both kinds come in order.
 */
export interface EntryStream {
  /** False when the key holds something else; a key that is not there yet will be a stream. */
  isStream(): Promise<boolean>
  /** The newest id that the stream gave; `0-0` when there was none. */
  lastId(): Promise<string>
  /** Makes the group, and the stream if need be, to begin behind an id; a group that is there is left as it is. */
  createGroup(after: string): Promise<void>
  removeGroup(): Promise<void>
  /** Pending entries behind an id. Those that were trimmed meanwhile are acknowledged and left out. */
  pending(after: string, most: number): Promise<StreamEntry[]>
  /** Entries that were handed out to nobody yet; waits for the first one as long as given, which is a second at most. */
  next(most: number, waitMs: number): Promise<StreamEntry[]>
  acknowledge(ids: readonly string[]): Promise<void>
  close(): void
}

/** Connects to the stream of this key on the Redis server of this name; nothing when no server has the name. */
export type OpenEntryStream = (server: string, key: string, group: string) => Promise<EntryStream | undefined>
