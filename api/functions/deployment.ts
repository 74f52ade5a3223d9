import type { FunctionCode, FunctionRecord, FunctionSettings, FunctionVersion } from './function.ts'
import { latestVersion } from './function.ts'
import type { RecordChange, Stamp } from './record-change.ts'
import { addVersion, isPublishedAs, publishedCopy } from './publication.ts'

const creating = { reason: 'The function is being created.', code: 'Creating' }

/** How the preparation of a version ended: undefined when it is ready to run. */
export interface PreparationFault {
  readonly reason: string
  readonly code: string
}

/** A change, and the version that its answer describes. */
export interface VersionChange extends RecordChange {
  readonly described: FunctionVersion
}

export interface NewFunction {
  readonly name: string
  readonly settings: FunctionSettings
  readonly code: FunctionCode
  readonly tags: Readonly<Record<string, string>>
  readonly publish: boolean
  readonly codeSigningConfigArn?: string | undefined
}

/** A new function, `Pending` until it is prepared; with its version 1 when it is published at once. */
export function createFunction(request: NewFunction, stamp: Stamp): VersionChange {
  const { name, settings, code, tags, publish, codeSigningConfigArn: signing } = request
  const latest = pending({ version: latestVersion, settings, code, ...marks(stamp), state: 'Pending' })
  const signed = signing === undefined ? {} : { codeSigningConfigArn: signing }
  const record = { name, latest, nextVersion: 1, versions: [], aliases: {}, tags, ...signed }
  return publish ? publishPending(record, stamp) : { record, described: latest }
}

export interface Update {
  readonly settings?: FunctionSettings
  readonly code?: FunctionCode
}

/** `$LATEST` as an update makes it; what ran before goes on running until the new one is prepared. */
export function beginUpdate(record: FunctionRecord, update: Update, stamp: Stamp): FunctionRecord {
  const { latest, serving = latest, ...rest } = record
  const { stateReason: _reason, stateReasonCode: _code, ...clean } = latest
  const next = { ...clean, ...update, ...marks(stamp) }
  if (latest.state === 'Failed') return { ...rest, latest: pending(next) }
  const status = { updateStatus: 'InProgress', updateReason: creating.reason, updateReasonCode: creating.code } as const
  return { ...rest, latest: { ...next, ...status }, serving }
}

/** An update that publishes: a new version that is pending, unless `last` is the same already. */
export function publishUpdate(record: FunctionRecord, last: FunctionVersion | undefined, stamp: Stamp): VersionChange {
  if (last !== undefined && isPublishedAs(record.latest, last)) return { record, described: last }
  return publishPending(record, stamp)
}

/** The end of a create or update: `$LATEST` and the version published with it are ready, or they failed. */
export function completeDeployment(
  record: FunctionRecord,
  published: FunctionVersion | undefined,
  fault: PreparationFault | undefined,
  stamp: Stamp,
): RecordChange {
  const versions = published?.state === 'Pending' ? [completeVersion(published, fault, stamp)] : []
  const latest = completeVersion(record.latest, fault, stamp)
  if (fault !== undefined) return { record: { ...record, latest }, versions }
  const { serving: _replaced, ...rest } = record
  return { record: { ...rest, latest }, versions }
}

/** Whether a create or update of this version still has to be completed. */
export function isUnderWay(version: FunctionVersion): boolean {
  return version.state === 'Pending' || version.updateStatus === 'InProgress'
}

function publishPending(record: FunctionRecord, stamp: Stamp): VersionChange {
  const {
    updateStatus: _status,
    updateReason: _reason,
    updateReasonCode: _code,
    ...copy
  } = publishedCopy(record, stamp)
  const described = pending(copy)
  return { record: addVersion(record), versions: [described], described }
}

function completeVersion(version: FunctionVersion, fault: PreparationFault | undefined, stamp: Stamp): FunctionVersion {
  const { stateReason: _s, stateReasonCode: _sc, updateReason: _u, updateReasonCode: _uc, ...clean } = version
  const done = { ...clean, revisionId: stamp.newId() }
  if (fault === undefined) return { ...done, state: 'Active', updateStatus: 'Successful' }
  if (version.state === 'Pending') {
    return { ...done, state: 'Failed', stateReason: fault.reason, stateReasonCode: fault.code }
  }
  return { ...done, updateStatus: 'Failed', updateReason: fault.reason, updateReasonCode: fault.code }
}

function pending(version: FunctionVersion): FunctionVersion {
  return { ...version, state: 'Pending', stateReason: creating.reason, stateReasonCode: creating.code }
}

function marks({ nowMs, newId }: Stamp) {
  return { revisionId: newId(), lastModifiedMs: nowMs(), generation: newId() }
}
