/** An entry of a Redis stream. Names and values are bytes. */
export interface StreamEntry {
  readonly id: string
  readonly fields: readonly (readonly [name: Buffer, value: Buffer])[]
}

/**
 * A Redis stream as read by one consumer group. `entry-stream.integration.test.ts` of the store tests this contract: a delivered entry is
 * pending until it is acknowledged, whichever consumer took it and whether that consumer is alive. Pending and new entries come
 * in order.
 */
export interface EntryStream {
  /** False when the key holds another type. A key that does not exist counts as a stream. */
  isStream(): Promise<boolean>
  /** The last id that the stream generated; `0-0` if there was none. */
  lastId(): Promise<string>
  /** Creates the group, and the stream if necessary, to begin after an id. False if the group exists, which is not changed. */
  createGroup(after: string): Promise<boolean>
  removeGroup(): Promise<void>
  /** Pending entries after an id. Those that were deleted meanwhile are acknowledged, and counted only. */
  pending(after: string, most: number): Promise<{ readonly entries: StreamEntry[]; readonly deleted: number }>
  /**
   * How many entries were deleted before they were delivered, since the last call. 'unknown' if Redis has not counted them
   * (before version 7) and those before the last delivered one are deleted, too.
   */
  missed(): Promise<number | 'unknown'>
  /** Entries that were not delivered yet. Waits for the first one for `waitMs`, up to a second. */
  next(most: number, waitMs: number): Promise<StreamEntry[]>
  acknowledge(ids: readonly string[]): Promise<void>
  close(): void
}

/** Connects to the stream with this key on the Redis server with this name; undefined if no server has the name. */
export type OpenEntryStream = (server: string, key: string, group: string) => Promise<EntryStream | undefined>
