import type { Attachable, AttachedSettings } from './attached-settings.ts'
import type { FunctionRecord } from './function.ts'

/**
 * Settings that hang on a qualifier of a function are kept in its record: they are saved, and go with the function, whole or
 * not at all, and a function made again under the same name has none of them.
 */
export type AttachmentKind = keyof Attachable

type Holder = Pick<FunctionRecord, 'attached'>

/** What of a kind hangs on the qualifier. */
export function attachedTo<Kind extends AttachmentKind>(
  { attached }: Holder,
  kind: Kind,
  qualifier: string,
): Attachable[Kind] | undefined {
  const ofKind = attached?.[kind]
  return ofKind !== undefined && Object.hasOwn(ofKind, qualifier) ? ofKind[qualifier] : undefined
}

/** All of a kind with their qualifiers, by qualifier in byte order. */
export function allAttached<Kind extends AttachmentKind>(
  { attached }: Holder,
  kind: Kind,
): (readonly [string, Attachable[Kind]])[] {
  const ofKind: Readonly<Record<string, Attachable[Kind]>> = attached?.[kind] ?? {}
  return Object.entries(ofKind).sort(([one], [other]) => (one < other ? -1 : 1))
}

/** The record with a setting put on the qualifier, in place of the one that was there. */
export function attach<Kind extends AttachmentKind>(
  record: FunctionRecord,
  kind: Kind,
  qualifier: string,
  value: Attachable[Kind],
): FunctionRecord {
  const others = Object.entries(record.attached?.[kind] ?? {}).filter(([name]) => name !== qualifier)
  return { ...record, attached: { ...record.attached, [kind]: Object.fromEntries([...others, [qualifier, value]]) } }
}

/** The record without that setting; itself when there is none. */
export function detach(record: FunctionRecord, kind: AttachmentKind, qualifier: string): FunctionRecord {
  if (attachedTo(record, kind, qualifier) === undefined) return record
  const kept = Object.entries(record.attached?.[kind] ?? {}).filter(([name]) => name !== qualifier)
  return { ...record, attached: { ...record.attached, [kind]: Object.fromEntries(kept) } }
}

/** The record without anything that hangs on the qualifier, whose version or alias goes. */
export function detachAll(record: FunctionRecord, qualifier: string): FunctionRecord {
  const kinds = Object.keys(record.attached ?? {}) as (keyof AttachedSettings)[]
  return kinds.reduce((rest, kind) => detach(rest, kind, qualifier), record)
}
