import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import type { FailedEvents } from '../../events/queue/failed-events.ts'
import type { EventQueue } from '../../events/queue/event-queue.ts'
import type { Catalogue } from '../../functions/catalogue/catalogue.ts'
import type { Documents } from '../../functions/catalogue/documents.ts'
import { openCatalogue } from './catalogue.ts'
import { watchDisk } from '../availability/disk-watch.ts'
import { databaseName, openDatabase, storeUnusable } from './database.ts'
import { openDocuments } from './documents.ts'
import { openEventQueue } from './event-queue.ts'
import { openGroupCommit } from './group-commit.ts'
import { openFailedEvents } from './failed-events.ts'
import { openTransactions } from './transactions.ts'

/** Everything in the database of one data folder. */
export interface EmbeddedStore {
  readonly catalogue: Catalogue
  readonly documents: Documents
  readonly events: EventQueue
  readonly failedEvents: FailedEvents
  /** Closes after the pending writes. Then another server can open the folder. */
  close(): Promise<void>
}

interface Log {
  info(line: string): void
  warn(line: string): void
}

const silent: Log = { info: () => undefined, warn: () => undefined }

/** Opens the data folder exclusively. Throws an error of one line that says what to do when the folder cannot be used. */
export function openEmbeddedStore(dataFolder: string, log = silent): EmbeddedStore {
  const database = openDatabase(dataFolder, { holdsCatalogue: true })
  try {
    return openOver(database, dataFolder, log)
  } catch (cause) {
    database.close()
    throw storeUnusable(dataFolder, cause as Error)
  }
}

function openOver(database: DatabaseSync, dataFolder: string, log: Log): EmbeddedStore {
  const transactions = openTransactions(database, watchDisk(dataFolder, log))
  const commits = openGroupCommit(transactions, join(dataFolder, databaseName))
  const closing = new AbortController()
  const close = async () => {
    closing.abort()
    await commits.close()
    database.close()
  }
  return {
    catalogue: openCatalogue(database, transactions),
    documents: openDocuments(database, transactions),
    events: openEventQueue({ database, transactions, commits, closing: closing.signal }),
    failedEvents: openFailedEvents(database, commits),
    close,
  }
}
