import type { Stored } from './catalogue.ts'

/** What is kept beside functions, each kind under ids of its own. */
export type DocumentKind =
  | 'capacity-provider'
  | 'code-signing-config'
  | 'event-source-checkpoint'
  | 'event-source-claim'
  | 'event-source-mapping'
  | 'function-url'
  | 'layer'
  | 'layer-version'

export interface DocumentKey {
  readonly kind: DocumentKind
  readonly id: string
}

/** One document with its id, as `list` answers it. */
export interface ListedDocument<Value> {
  readonly id: string
  readonly value: Value
}

export interface DocumentPage {
  readonly kind: DocumentKind
  /** Only ids that start so. */
  readonly prefix?: string
  /** Only ids behind this one. */
  readonly after?: string
  readonly limit: number
}

/**
 * Keeps JSON values by kind and id. Promises that every implementation passes in `documents.contract.ts`: a save or removal
 * that was answered survives the death of any process; of two computed from the same revision one answers false and changes
 * nothing; a read sees every save answered before it; revisions are never used twice, also not of an id made again.
 */
export interface Documents {
  find<Value>(key: DocumentKey): Promise<Stored<Value> | undefined>
  /** False when the document's revision is no longer the expected one; 0 to create. */
  save(key: DocumentKey, value: object, expectedRevision: number): Promise<boolean>
  /** False when the revision moved on. */
  remove(key: DocumentKey, expectedRevision: number): Promise<boolean>
  /** Documents by id in byte order. */
  list<Value>(page: DocumentPage): Promise<ListedDocument<Value>[]>
}
