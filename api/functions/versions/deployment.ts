import { ownMember } from '../function/own-member.ts'
import { withCapacity } from '../capacity-providers/capacity-use.ts'
import type { FunctionCode, FunctionRecord, FunctionSettings, FunctionVersion } from '../function/function.ts'
import { latestPublished, latestVersion } from '../function/function.ts'
import { publish, type VersionChange } from './publication.ts'
import type { RecordChange, Stamp } from '../catalogue/record-change.ts'
import { pending, updating, withoutActivation } from '../function/version-state.ts'

/** The fault of a version's preparation; undefined if it is ready to run. */
export interface PreparationFault {
  readonly reason: string
  readonly code: string
}

export interface NewFunction {
  readonly name: string
  readonly settings: FunctionSettings
  readonly code: FunctionCode
  readonly tags: Readonly<Record<string, string>>
  /** The version that is published at once, if any. */
  readonly publish?: PublishTarget | undefined
  readonly codeSigningConfigArn?: string | undefined
}

/** Where a deployment is published to: the next number, or `$LATEST.PUBLISHED`. */
export type PublishTarget = 'next' | 'latest-published'

/** A new function, `Pending` until it is prepared, with its first version if it is published at once. */
export function createFunction(request: NewFunction, stamp: Stamp): VersionChange {
  const { name, settings, code, tags, publish: target, codeSigningConfigArn: signing } = request
  const latest = pending({ version: latestVersion, settings, code, ...marks(stamp), state: 'Pending' })
  const signed = signing === undefined ? {} : { codeSigningConfigArn: signing }
  const record = withCapacity({ name, latest, nextVersion: 1, versions: [], aliases: {}, tags, ...signed }, latest)
  return target === undefined ? { record, described: latest } : publishUpdate(record, target, undefined, stamp)
}

export interface Update {
  readonly settings?: FunctionSettings
  readonly code?: FunctionCode
}

/** `$LATEST` after an update. The previous code runs until the new one is prepared. */
export function beginUpdate(record: FunctionRecord, update: Update, stamp: Stamp): FunctionRecord {
  const { latest, serving = latest, ...rest } = record
  const { stateReason: _reason, stateReasonCode: _code, ...clean } = latest
  const next = { ...clean, ...update, ...marks(stamp) }
  if (latest.state === 'Failed') return withCapacity({ ...rest, latest: pending(next) }, next)
  return withCapacity({ ...rest, latest: updating(next), serving }, next)
}

/** An update that publishes: a new pending version, unless `last` is identical. */
export function publishUpdate(
  record: FunctionRecord,
  target: PublishTarget,
  last: FunctionVersion | undefined,
  stamp: Stamp,
): VersionChange {
  const version = target === 'next' ? String(record.nextVersion) : latestPublished
  return publish(record, { version, last, isWithUpdate: true }, stamp)
}

/** Completes a create or update: `$LATEST` and the version published with it are ready, or they failed. */
export function completeDeployment(
  record: FunctionRecord,
  published: FunctionVersion | undefined,
  fault: PreparationFault | undefined,
  stamp: Stamp,
): RecordChange {
  const isDue = published?.state === 'Pending' && ownMember(record.activating, published.version) === undefined
  const versions = isDue ? [completeVersion(published, fault, stamp)] : []
  const latest = completeVersion(record.latest, fault, stamp)
  if (fault !== undefined) return { record: { ...record, latest }, versions }
  const { serving: _replaced, ...rest } = record
  return { record: { ...rest, latest }, versions }
}

/** Completes the initialisation of a published version: it is active, and the replaced one is not served again. */
export function completeActivation(
  record: FunctionRecord,
  version: FunctionVersion,
  fault: PreparationFault | undefined,
  stamp: Stamp,
): RecordChange {
  return {
    record: withoutActivation(record, version.version),
    versions: [completeVersion(version, fault, stamp)],
  }
}

function completeVersion(version: FunctionVersion, fault: PreparationFault | undefined, stamp: Stamp): FunctionVersion {
  const { stateReason: _s, stateReasonCode: _sc, updateReason: _u, updateReasonCode: _uc, ...clean } = version
  const done = { ...clean, revisionId: stamp.newId() }
  if (fault === undefined) return active(done)
  if (version.state === 'Pending') {
    return { ...done, state: 'Failed', stateReason: fault.reason, stateReasonCode: fault.code }
  }
  return { ...done, updateStatus: 'Failed', updateReason: fault.reason, updateReasonCode: fault.code }
}

/** `$LATEST` of a function on a capacity provider can be published but not invoked (reference 2.1). */
function active({ serving: _replaced, ...version }: FunctionVersion): FunctionVersion {
  const isInvocable = version.version !== latestVersion || version.settings.capacityProvider === undefined
  return { ...version, state: isInvocable ? 'Active' : 'ActiveNonInvocable', updateStatus: 'Successful' }
}

function marks({ nowMs, newId }: Stamp) {
  return { revisionId: newId(), lastModifiedMs: nowMs(), generation: newId() }
}
