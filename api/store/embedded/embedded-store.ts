import { join } from 'node:path'
import type { FailedEvents } from '../../events/queue/failed-events.ts'
import type { EventQueue } from '../../events/queue/event-queue.ts'
import type { Catalogue } from '../../functions/catalogue/catalogue.ts'
import type { Documents } from '../../functions/catalogue/documents.ts'
import { openCatalogue } from './catalogue.ts'
import { databaseName, openDatabase } from './database.ts'
import { openDocuments } from './documents.ts'
import { openEventQueue } from './event-queue.ts'
import { openGroupCommit } from './group-commit.ts'
import { openFailedEvents } from './failed-events.ts'

/** Everything in the database of one data folder. */
export interface EmbeddedStore {
  readonly catalogue: Catalogue
  readonly documents: Documents
  readonly events: EventQueue
  readonly failedEvents: FailedEvents
  /** Closes after the pending writes. Then another server can open the folder. */
  close(): Promise<void>
}

/** Opens the data folder exclusively. Throws an error of one line that says what to do when the folder cannot be used. */
export function openEmbeddedStore(dataFolder: string): EmbeddedStore {
  const database = openDatabase(dataFolder)
  const catalogue = openCatalogue(database)
  const commits = openGroupCommit(database, join(dataFolder, databaseName))
  const close = async () => {
    await commits.close()
    database.close()
  }
  return {
    catalogue,
    documents: openDocuments(database),
    events: openEventQueue(database, commits),
    failedEvents: openFailedEvents(database, commits),
    close,
  }
}
