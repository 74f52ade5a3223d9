import { chmodSync, closeSync, existsSync, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { schemaSteps } from './schema.ts'

/** The data folder cannot be used; the message is one line that says what to do. */
class StoreUnusable extends Error {}

/** The name of the database in the data folder. */
export const databaseName = 'kubelambda.sqlite'

/**
 * Opens the data folder's database for this process alone, and brings its tables up to date. SQLite's lock on the file
 * ends with the process, however it ends. The folder can be passed by functions that run as other users; only the
 * server's user can read the database, since it holds environment variables.
 */
export function openDatabase(dataFolder: string): DatabaseSync {
  const path = join(dataFolder, databaseName)
  try {
    if (mkdirSync(dataFolder, { recursive: true }) !== undefined) chmodSync(dataFolder, 0o711)
    // Never opened again while in use: closing any descriptor of it would drop SQLite's lock.
    if (!existsSync(path)) closeSync(openSync(path, 'a', 0o600))
  } catch (cause) {
    throw new StoreUnusable(
      `The data folder ${dataFolder} cannot be written: ${(cause as Error).message}. Set KUBELAMBDA_DATA.`,
      { cause },
    )
  }
  const database = new DatabaseSync(path, { timeout: 500 })
  try {
    claim(database)
    migrate(database, dataFolder)
  } catch (cause) {
    database.close()
    throw cause instanceof StoreUnusable ? cause : new StoreUnusable(whyUnusable(dataFolder, cause as Error), { cause })
  }
  return database
}

/** Takes a data folder that holds no functions for this process alone, by the lock on a database that stays empty. */
export function lockDataFolder(dataFolder: string): { release(): void } {
  const database = openDatabase(dataFolder)
  return { release: () => database.close() }
}

/** Takes the file for this process: in exclusive mode the lock of the first transaction is kept. */
function claim(database: DatabaseSync): void {
  database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
  database.exec('PRAGMA temp_store = MEMORY; PRAGMA cache_size = -8192; PRAGMA journal_size_limit = 67108864')
  database.exec('BEGIN IMMEDIATE; COMMIT')
}

function migrate(database: DatabaseSync, dataFolder: string): void {
  const known = schemaSteps.length
  const present = Number(database.prepare('PRAGMA user_version').get()?.['user_version'])
  if (present > known) {
    const versions = `its tables are version ${String(present)}, this server knows ${String(known)}`
    throw new StoreUnusable(
      `The data folder ${dataFolder} was written by a newer kubelambda (${versions}). Run that one, or set KUBELAMBDA_DATA to another folder.`,
    )
  }
  if (present === known) return
  const steps = schemaSteps.slice(present).join('\n')
  database.exec(`BEGIN; ${steps}; PRAGMA user_version = ${String(known)}; COMMIT`)
}

function whyUnusable(dataFolder: string, cause: Error): string {
  if (/locked|busy/i.test(cause.message)) {
    return `Another kubelambda server is using the data folder ${dataFolder}. Stop it, or set KUBELAMBDA_DATA to another folder.`
  }
  return `The data folder ${dataFolder} holds a database that cannot be used: ${cause.message}. Restore it, or set KUBELAMBDA_DATA to another folder.`
}

/** Runs the work in one transaction; nothing of it stays when it throws. */
export function inTransaction<Result>(database: DatabaseSync, work: () => Result): Result {
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

/** As `inTransaction`, but COMMIT leaves the disk alone: safe from the death of the process, not yet from a power cut. */
export function inUnsyncedTransaction<Result>(database: DatabaseSync, work: () => Result): Result {
  database.exec('PRAGMA synchronous = NORMAL')
  try {
    return inTransaction(database, work)
  } finally {
    database.exec('PRAGMA synchronous = FULL')
  }
}

/** SQLite answers at once; contracts answer promises. What the work throws rejects. */
export function promiseOf<Result>(work: () => Result): Promise<Result> {
  return new Promise((resolve) => {
    resolve(work())
  })
}
