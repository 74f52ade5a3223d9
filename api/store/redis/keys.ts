import type { DocumentKey, DocumentKind } from '../../functions/documents.ts'

/**
 * Every key in Redis. What one script touches shares a hash tag, and so a slot of a cluster: all of the catalogue, all
 * documents, and all events each have one.
 */
const catalogue = '{kubelambda:catalogue}'
const documents = '{kubelambda:documents}'

export const catalogueKeys = {
  /** Hash: `revision` and `document` of a function. */
  record: (name: string) => `${catalogue}:function:${name}`,
  recordPrefix: `${catalogue}:function:`,
  /** Hash: document by version number. */
  versions: (name: string) => `${catalogue}:versions:${name}`,
  /** Hash: code bytes by version, `$LATEST` among them. */
  codeBytes: (name: string) => `${catalogue}:code-bytes:${name}`,
  /** Sorted set of all names, all scores 0. */
  names: `${catalogue}:functions`,
  /** Set of names whose deployment is under way. */
  underWay: `${catalogue}:under-way`,
  /** Counter: the newest revision of any function. */
  revision: `${catalogue}:revision`,
  /** Counter: code bytes over all versions. */
  totalCodeBytes: `${catalogue}:total-code-bytes`,
  /** Channel: `<revision> <replica> <name>` of each save and removal. */
  changes: `${catalogue}:changes`,
} as const

export const documentKeys = {
  /** Hash: `revision` and `document`. */
  document: ({ kind, id }: DocumentKey) => `${documents}:${kind}:${id}`,
  prefix: (kind: DocumentKind) => `${documents}:${kind}:`,
  /** Sorted set of a kind's ids, all scores 0. */
  ids: (kind: DocumentKind) => `${documents}:ids:${kind}`,
  /** Counter: the newest revision of any document. */
  revision: `${documents}:revision`,
} as const
