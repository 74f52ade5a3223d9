import { closeSync, fdatasync, fsyncSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { explainDiskFault } from '../availability/disk-faults.ts'
import type { Transactions } from './transactions.ts'

const syncData = promisify(fdatasync)

interface Write {
  readonly apply: () => void
  readonly resolve: () => void
  readonly reject: (cause: unknown) => void
}

/**
 * Groups writes into shared transactions. Writes of one event-loop turn, and those that arrive while the disk syncs the group
 * before, become durable together. The sync does not block the main thread, so invocations continue meanwhile.
 */
export interface GroupCommit {
  /** Resolves when the write survives a power failure; rejects when the group's transaction failed, with Lambda's 503 for a disk fault. */
  durably(apply: () => void): Promise<void>
  /** Resolves when the write is visible and survives the death of the process. */
  soon(apply: () => void): Promise<void>
  close(): Promise<void>
}

/**
 * Commits groups on the database at `path`. SQLite appends a commit to the write-ahead log, whose name ends in `-wal`. The commit
 * is durable once that file is synced, which happens here instead of inside COMMIT.
 */
export function openGroupCommit(transactions: Transactions, path: string): GroupCommit {
  syncFolder(dirname(path))
  const log = openSync(`${path}-wal`, 'r')
  let durable: Write[] = []
  let quick: Write[] = []
  let running: Promise<void> | undefined

  const commitGroup = async (): Promise<void> => {
    const [synced, others] = [durable, quick]
    ;[durable, quick] = [[], []]
    const all = [...synced, ...others]
    try {
      transactions.unsynced(() => all.forEach((write) => write.apply()))
      others.forEach((write) => write.resolve())
      if (synced.length > 0) await syncData(log).catch(explainDiskFault)
      synced.forEach((write) => write.resolve())
    } catch (cause) {
      all.forEach((write) => write.reject(cause))
    }
  }
  const run = async (): Promise<void> => {
    while (durable.length + quick.length > 0) {
      await new Promise(setImmediate)
      await commitGroup()
    }
    running = undefined
  }
  const enqueue = (group: () => Write[], apply: () => void): Promise<void> =>
    new Promise((resolve, reject) => {
      group().push({ apply, resolve, reject })
      running ??= run()
    })

  return {
    durably: (apply) => enqueue(() => durable, apply),
    soon: (apply) => enqueue(() => quick, apply),
    close: async () => {
      await running
      closeSync(log)
    },
  }
}

/** The log's directory entry must be durable before its content. */
function syncFolder(path: string): void {
  const folder = openSync(path, 'r')
  fsyncSync(folder)
  closeSync(folder)
}
