import type { Documents } from '../../functions/catalogue/documents.ts'

/** A tumbling window that has had records and is not over. */
export interface OpenWindow {
  readonly startMs: number
  readonly state: unknown
}

/** How far a shard has been read; a mapping whose shard has none begins at its starting position. */
export interface Checkpoint {
  /** Read from here on while no record is done with: the time at which the mapping began. */
  readonly sinceMs?: number
  /** The last record that is done with. */
  readonly sequenceNumber?: string
  /** The shard is closed and read to its end. */
  readonly isEnded?: boolean
  /** What the function kept of the tumbling window that is open. */
  readonly window?: OpenWindow
}

interface StoredCheckpoint extends Checkpoint {
  /** Of the lease under which it was written. */
  readonly fence: number
}

/** The checkpoints of one mapping, by shard. */
export interface Checkpoints {
  find(part: string): Promise<Checkpoint | undefined>
  /** False when the holder of a newer lease has written: the shard is not this one's any more. */
  save(part: string, checkpoint: Checkpoint, fence: number): Promise<boolean>
  /** Forgets them all, with the mapping. */
  clear(): Promise<void>
}

const kind = 'event-source-checkpoint'
const pageSize = 100

/** Checkpoints kept among the documents, under the mapping's id. */
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
