import type { DocumentKey, DocumentKind } from '../../../functions/catalogue/documents.ts'

/**
 * Every key in Redis. Keys that one script uses share a hash tag, and so a slot of a cluster. The catalogue, the
 * documents and the events have one hash tag each.
 */
const catalogue = '{kubelambda:catalogue}'
const documents = '{kubelambda:documents}'
const events = '{kubelambda:events}'

export const catalogueKeys = {
  /** Hash: `revision` and `document` of a function, and `uses` of one on capacity providers. */
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
  /** Sorted set of `<capacity provider>:<function>`, all scores 0. */
  capacityUses: `${catalogue}:capacity-uses`,
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

export const eventKeys = {
  /** Hash: `function`, `sequence`, `head`, `payload`, `progress` and `answer` once there are some, and `taker` while in flight. */
  event: (id: string) => `${events}:event:${id}`,
  eventPrefix: `${events}:event:`,
  /** String: exists while this id must not be added again. */
  knownPrefix: `${events}:known:`,
  /** Sorted set: ids of a function's ready events by sequence. */
  readyPrefix: `${events}:ready:`,
  /** Sorted set: functions with ready events, by the turn in which they were last served. */
  turns: `${events}:turns`,
  /** Counter of turns. */
  turn: `${events}:turn`,
  /** Counter of events. */
  sequence: `${events}:sequence`,
  /** Sorted set: ids of delayed events by due time, in Redis' milliseconds. */
  delayed: `${events}:delayed`,
  /** Sorted set: ids of a function's delayed events by sequence. */
  waitingPrefix: `${events}:waiting:`,
  /** Set: functions with delayed events. */
  waiting: `${events}:waiting`,
  /** Sorted set: takers by the end of their lease, in Redis' milliseconds. */
  takers: `${events}:takers`,
  /** String: when any taker last renewed its lease, in Redis' milliseconds. */
  watched: `${events}:watched`,
  /** Sorted set: ids of a taker's events in flight by sequence. */
  held: (taker: string) => `${events}:held:${taker}`,
  heldPrefix: `${events}:held:`,
  /** Sorted set: ids of a function's failed events by sequence. */
  failedPrefix: `${events}:failed:`,
  /** Set: functions with failed events. */
  failing: `${events}:failing`,
  /** Channel: there are new events. */
  news: `${events}:news`,
} as const

const servers = '{kubelambda:servers}'

export const serverKeys = {
  /** Sorted set: servers by the end of their lease, in Redis' milliseconds. */
  living: `${servers}:living`,
  /** Set of dead servers whose permits and environments wait for a successor. */
  dead: `${servers}:dead`,
} as const

export const permitKeys = {
  /** Hash: permits held by all servers, by share; `*` in all, `~` in all without a reserve. */
  booked: `${servers}:booked`,
  /** Hash: permits of one server, by share. */
  permitsOf: (server: string) => `${servers}:places:${server}`,
  /** Channel: JSON of a server and the function it was refused a permit for. */
  wanted: `${servers}:wanted`,
} as const

const leases = '{kubelambda:leases}'

export const leaseKeys = {
  /** String with an expiry: the fencing token of the server that polls this part of an event source. */
  lease: (name: string) => `${leases}:lease:${name}`,
  leasePrefix: `${leases}:lease:`,
  /** Set: names of the leases of an event source mapping that may be held. */
  group: (group: string) => `${leases}:group:${group}`,
  /** Counter of granted leases. */
  fences: `${leases}:fences`,
} as const

/** String: hex of the key that signs links. */
export const linkKeyKey = '{kubelambda:link-key}'

export const environmentKeys = {
  /** Hash: server by the environment it holds; `*` for parked environments, which any server can take. */
  holders: `${servers}:holders`,
  /** Counter of fencing tokens. */
  token: `${servers}:token`,
  /** Sorted set: parked environments by the time they were parked; one set per key of what they run. */
  parked: (key: string) => `${servers}:parked:${key}`,
  /** Channel: JSON of a server and the key it wants an environment of, and of the answers. */
  wanted: `${servers}:wanted-environments`,
  /** Hash: by server how many environments of the key it keeps initialised, or `failed`. */
  provisioned: (key: string) => `${servers}:provisioned:${key}`,
} as const
