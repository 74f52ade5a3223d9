import { changeDocument, eachDocument } from '../../functions/catalogue/document-change.ts'
import type { Documents } from '../../functions/catalogue/documents.ts'

/** An open tumbling window that has had records. */
export interface OpenWindow {
  readonly startMs: number
  readonly state: unknown
}

/** How far a shard has been read. A shard without a checkpoint begins at the mapping's starting position. */
export interface Checkpoint {
  /** Reading begins here until a record is complete: the time at which the mapping began. */
  readonly sinceMs?: number
  /** The last record that is complete. */
  readonly sequenceNumber?: string
  /** The shard is closed and read to its end. */
  readonly isEnded?: boolean
  /** The function's state of the open tumbling window. */
  readonly window?: OpenWindow
  /** The source no longer has the shard, which was reported as a loss. */
  readonly isGone?: boolean
  /** The identity of the source, such as when the stream was created: what is created again has another one. */
  readonly identity?: string
}

interface StoredCheckpoint extends Checkpoint {
  /** The fence of the lease under which it was written. */
  readonly fence: number
}

/** The checkpoints of one mapping, by shard. */
export interface Checkpoints {
  find(part: string): Promise<Checkpoint | undefined>
  /** All checkpoints by their part. */
  list(): Promise<ReadonlyMap<string, Checkpoint>>
  /** Returns false if the holder of a newer lease has written: this server has lost the shard. */
  save(part: string, checkpoint: Checkpoint, fence: number): Promise<boolean>
  /** Adds to the checkpoint of a part, whoever holds its lease; does nothing if there is none. */
  amend(part: string, addition: Checkpoint): Promise<void>
  /** Removes the checkpoints, when the mapping is deleted or its source is another one; all but that of `kept`. */
  clear(kept?: string): Promise<void>
}

const kind = 'event-source-checkpoint'

/** Stores checkpoints as documents under the mapping's id. */
export function createCheckpoints(documents: Documents, uuid: string): Checkpoints {
  const keyOf = (part: string) => ({ kind, id: `${uuid}/${part}` }) as const
  return {
    find: async (part) => (await documents.find<StoredCheckpoint>(keyOf(part)))?.value,
    async save(part, checkpoint, fence) {
      for (;;) {
        const stored = await documents.find<StoredCheckpoint>(keyOf(part))
        if (stored !== undefined && stored.value.fence > fence) return false
        if (await documents.save(keyOf(part), { ...checkpoint, fence }, stored?.revision ?? 0)) return true
      }
    },
    async list() {
      const all = new Map<string, Checkpoint>()
      for await (const { id, value } of eachDocument<StoredCheckpoint>(documents, { kind, prefix: `${uuid}/` }))
        all.set(id.slice(uuid.length + 1), value)
      return all
    },
    async amend(part, addition) {
      await changeDocument<StoredCheckpoint>(documents, keyOf(part), (stored) => stored && { ...stored, ...addition })
    },
    async clear(kept) {
      for await (const { id } of eachDocument(documents, { kind, prefix: `${uuid}/` })) {
        if (id !== `${uuid}/${kept ?? ''}`) await changeDocument(documents, { kind, id }, () => undefined)
      }
    },
  }
}
