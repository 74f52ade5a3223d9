import type { DatabaseSync } from 'node:sqlite'
import { explainDiskFault, isDiskFault } from '../availability/disk-faults.ts'
import type { DiskWatch } from '../availability/disk-watch.ts'

/** Writes to the database: completely or not at all. While the disk is full or fails, they throw Lambda's 503. */
export interface Transactions {
  /** Runs the work in one transaction, which is durable on return. */
  synced<Result>(work: () => Result): Result
  /** The same without a sync of the disk: the writes survive the death of the process, but not yet a power failure. */
  unsynced<Result>(work: () => Result): Result
}

/** Transactions of a database; the watch is told how each one ended. */
export function openTransactions(database: DatabaseSync, watch: DiskWatch): Transactions {
  const watched = <Result>(work: () => Result): Result => {
    try {
      const result = inTransaction(database, work)
      watch.succeeded()
      return result
    } catch (cause) {
      if (isDiskFault(cause)) watch.failed(cause as Error)
      explainDiskFault(cause)
    }
  }
  return {
    synced: watched,
    unsynced: (work) => {
      database.exec('PRAGMA synchronous = NORMAL')
      try {
        return watched(work)
      } finally {
        database.exec('PRAGMA synchronous = FULL')
      }
    },
  }
}

function inTransaction<Result>(database: DatabaseSync, work: () => Result): Result {
  database.exec('BEGIN IMMEDIATE')
  try {
    const result = work()
    database.exec('COMMIT')
    return result
  } catch (cause) {
    if (database.isTransaction) database.exec('ROLLBACK')
    throw cause
  }
}

/** Wraps SQLite's synchronous calls in a promise, as the contracts require. Rejects with Lambda's 503 for a disk fault. */
export function promiseOf<Result>(work: () => Result): Promise<Result> {
  return new Promise((resolve) => {
    try {
      resolve(work())
    } catch (cause) {
      explainDiskFault(cause)
    }
  })
}
