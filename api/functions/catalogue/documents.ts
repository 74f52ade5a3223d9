import type { Stored } from './catalogue.ts'

/** Kinds of documents stored beside functions. Each kind has its own ids. */
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

/** One document with its id, as returned by `list`. */
export interface ListedDocument<Value> {
  readonly id: string
  readonly value: Value
}

export interface DocumentPage {
  readonly kind: DocumentKind
  /** Only ids with this prefix. */
  readonly prefix?: string
  /** Only ids after this one. */
  readonly after?: string
  readonly limit: number
}

/**
 * Stores JSON values by kind and id. Every implementation passes `documents.contract.ts`: an acknowledged save or removal
 * survives the death of any process; of two computed from the same revision one returns false and changes nothing; a read sees
 * every save acknowledged before it; revisions are never reused, even for an id that is created again.
 */
export interface Documents {
  find<Value>(key: DocumentKey): Promise<Stored<Value> | undefined>
  /** Returns false if the document no longer has the expected revision; 0 creates it. */
  save(key: DocumentKey, value: object, expectedRevision: number): Promise<boolean>
  /** Returns false if the document no longer has the expected revision. */
  remove(key: DocumentKey, expectedRevision: number): Promise<boolean>
  /** Documents by id in byte order. */
  list<Value>(page: DocumentPage): Promise<ListedDocument<Value>[]>
}
