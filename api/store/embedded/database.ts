import { chmodSync, closeSync, existsSync, mkdirSync, openSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { isDiskFault } from '../availability/disk-faults.ts'
import { schemaSteps } from './schema.ts'

/** The data folder cannot be used; the message is one line that says what to do. */
class StoreUnusable extends Error {}

/** The file name of the database in the data folder. */
export const databaseName = 'kubelambda.sqlite'

/**
 * Opens the data folder's database exclusively, and migrates its tables. SQLite's lock on the file is released when the process
 * ends, for whatever reason. Functions that run as other users can traverse the folder; only the server's user can read the
 * database, since it contains environment variables.
 */
export function openDatabase(
  dataFolder: string,
  { holdsCatalogue }: { readonly holdsCatalogue: boolean },
): DatabaseSync {
  const path = join(dataFolder, databaseName)
  if (holdsCatalogue && isEmpty(path) && holdsPackages(dataFolder)) throw new StoreUnusable(catalogueLost(dataFolder))
  try {
    if (mkdirSync(dataFolder, { recursive: true }) !== undefined) chmodSync(dataFolder, 0o711)
    // Never open this file again while it is in use: closing any descriptor of it drops SQLite's lock.
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
    throw storeUnusable(dataFolder, cause as Error)
  }
  return database
}

/** An error of one line that says why the data folder cannot be used, and what to do. */
export function storeUnusable(dataFolder: string, cause: Error): Error {
  return cause instanceof StoreUnusable ? cause : new StoreUnusable(whyUnusable(dataFolder, cause), { cause })
}

/** Whether the database is missing or has no bytes: SQLite would take it for a new one. */
function isEmpty(path: string): boolean {
  return (statSync(path, { throwIfNoEntry: false })?.size ?? 0) === 0
}

/** Whether the folder has packages of functions, which only a database refers to. */
function holdsPackages(dataFolder: string): boolean {
  const packages = join(dataFolder, 'code')
  return existsSync(packages) && readdirSync(packages).some((name) => name.endsWith('.zip'))
}

function catalogueLost(dataFolder: string): string {
  return `The data folder ${dataFolder} holds code, but its database ${databaseName} is missing or empty. Restore it, or set KUBELAMBDA_DATA to another folder.`
}

/** Locks a data folder that contains no functions for this process, through a database that stays empty. */
export function lockDataFolder(dataFolder: string): { release(): void } {
  const database = openDatabase(dataFolder, { holdsCatalogue: false })
  return { release: () => database.close() }
}

/** Locks the file for this process: in exclusive mode SQLite keeps the lock of the first transaction. */
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
  if (isDiskFault(cause)) {
    return `The data folder ${dataFolder} cannot be written: ${cause.message}. Make room there, or set KUBELAMBDA_DATA to another folder.`
  }
  return `The data folder ${dataFolder} holds a database that cannot be used: ${cause.message}. Restore it, or set KUBELAMBDA_DATA to another folder.`
}
