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
}

interface StoredCheckpoint extends Checkpoint {
  /** The fence of the lease under which it was written. */
  readonly fence: number
}

/** The checkpoints of one mapping, by shard. */
export interface Checkpoints {
  find(part: string): Promise<Checkpoint | undefined>
  /** Returns false if the holder of a newer lease has written: this server has lost the shard. */
  save(part: string, checkpoint: Checkpoint, fence: number): Promise<boolean>
  /** Removes all checkpoints, when the mapping is deleted. */
  clear(): Promise<void>
}

const kind = 'event-source-checkpoint'
const pageSize = 100

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
    async clear() {
      for (;;) {
        const page = await documents.list({ kind, prefix: `${uuid}/`, limit: pageSize })
        if (page.length === 0) return
        for (const { id } of page) {
          const revision = (await documents.find({ kind, id }))?.revision
          if (revision !== undefined) await documents.remove({ kind, id }, revision)
        }
      }
    },
  }
}
