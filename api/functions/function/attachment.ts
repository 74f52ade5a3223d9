import { ownMember } from './own-member.ts'
import type { Attachable, AttachedSettings } from './attached-settings.ts'
import type { FunctionRecord } from './function.ts'

/**
 * Settings attached to a qualifier of a function are stored in its record: they are saved and deleted with the function
 * atomically, and a function that is created again under the same name has none of them.
 */
export type AttachmentKind = keyof Attachable

type Holder = Pick<FunctionRecord, 'attached'>

/** The setting of a kind that is attached to the qualifier. */
export function attachedTo<Kind extends AttachmentKind>(
  { attached }: Holder,
  kind: Kind,
  qualifier: string,
): Attachable[Kind] | undefined {
  const ofKind: Readonly<Record<string, Attachable[Kind]>> | undefined = attached?.[kind]
  return ownMember(ofKind, qualifier)
}

/** All settings of a kind with their qualifiers, by qualifier in byte order. */
export function allAttached<Kind extends AttachmentKind>(
  { attached }: Holder,
  kind: Kind,
): (readonly [string, Attachable[Kind]])[] {
  const ofKind: Readonly<Record<string, Attachable[Kind]>> = attached?.[kind] ?? {}
  return Object.entries(ofKind).sort(([one], [other]) => (one < other ? -1 : 1))
}

/** The record with a setting attached to the qualifier; it replaces the previous one. */
export function attach<Kind extends AttachmentKind>(
  record: FunctionRecord,
  kind: Kind,
  qualifier: string,
  value: Attachable[Kind],
): FunctionRecord {
  const others = Object.entries(record.attached?.[kind] ?? {}).filter(([name]) => name !== qualifier)
  return { ...record, attached: { ...record.attached, [kind]: Object.fromEntries([...others, [qualifier, value]]) } }
}

/** The record without that setting; the same record if there is none. */
export function detach(record: FunctionRecord, kind: AttachmentKind, qualifier: string): FunctionRecord {
  if (attachedTo(record, kind, qualifier) === undefined) return record
  const kept = Object.entries(record.attached?.[kind] ?? {}).filter(([name]) => name !== qualifier)
  return { ...record, attached: { ...record.attached, [kind]: Object.fromEntries(kept) } }
}

/** The record without any settings of the qualifier, whose version or alias is deleted. */
export function detachAll(record: FunctionRecord, qualifier: string): FunctionRecord {
  const kinds = Object.keys(record.attached ?? {}) as (keyof AttachedSettings)[]
  return kinds.reduce((rest, kind) => detach(rest, kind, qualifier), record)
}
