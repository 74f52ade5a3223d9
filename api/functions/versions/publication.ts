import { isDeepStrictEqual } from 'node:util'
import { detachAll } from '../function/attachment.ts'
import { withCapacity, withoutCapacity } from '../capacity-providers/capacity-use.ts'
import { conflicts, versionErrors } from '../function/errors.ts'
import { isPublishedVersion, latestPublished, latestVersion } from '../function/function.ts'
import type { FunctionRecord, FunctionSettings, FunctionVersion } from '../function/function.ts'
import { isSwitchedOff } from '../capacity-providers/scaling.ts'
import { requireRevision, type RecordChange, type Stamp } from '../catalogue/record-change.ts'
import { pending, updating, withoutActivation } from '../function/version-state.ts'

export interface PublishRequest {
  readonly description?: string | undefined
  readonly codeSha256?: string | undefined
  readonly revisionId?: string | undefined
  /** Creates or replaces `$LATEST.PUBLISHED` instead of allocating the next number. */
  readonly isToLatestPublished?: boolean
}

/** A publication: its target, the version that exists or was published last, and the initial state. */
export interface Publication {
  readonly version: string
  readonly last: FunctionVersion | undefined
  readonly description?: string | undefined
  /** It becomes ready together with the current update of `$LATEST`. */
  readonly isWithUpdate?: boolean
}

/** A change, and the version that its response describes. */
export interface VersionChange extends RecordChange {
  readonly described: FunctionVersion
}

/** Publishes `$LATEST`; returns the last published version if nothing changed since (reference 2.6). */
export function publishVersion(
  record: FunctionRecord,
  last: FunctionVersion | undefined,
  request: PublishRequest,
  stamp: Stamp,
): VersionChange {
  const { latest } = record
  checkGuards(latest, request)
  const version = request.isToLatestPublished === true ? latestPublished : String(record.nextVersion)
  const change = publish(record, { version, last, description: request.description }, stamp)
  if (change.record === record) return change
  return { ...change, record: { ...change.record, latest: { ...latest, revisionId: stamp.newId() } } }
}

/** The record with `$LATEST` published as a version; the same record if the last published version is identical. */
export function publish(record: FunctionRecord, publication: Publication, stamp: Stamp): VersionChange {
  const { last, version } = publication
  if (last !== undefined && isUsable(last) && isPublishedAs(record.latest, last)) return { record, described: last }
  const described = begun(record, publication, stamp)
  const next = withCapacity(withVersion(record, version), described)
  const isActivating = needsInitialisation(described.settings) && described.state !== 'Deactivated'
  const activating = { ...next.activating, [version]: described.generation }
  return { record: isActivating ? { ...next, activating } : next, versions: [described], described }
}

/** Whether a published version with these settings becomes active only once an environment of it is initialised. */
function needsInitialisation({ capacityProvider, snapStartApplyOn }: FunctionSettings): boolean {
  return capacityProvider !== undefined || snapStartApplyOn === 'PublishedVersions'
}

/** Whether `$LATEST` has the code and settings that the version was published from. */
function isPublishedAs(latest: FunctionVersion, published: FunctionVersion): boolean {
  return (
    latest.code.sha256 === published.code.sha256 &&
    latest.settings.description === (published.sourceDescription ?? published.settings.description) &&
    isDeepStrictEqual(withoutDescription(latest.settings), withoutDescription(published.settings))
  )
}

/**
 * The record without one version and its attached settings; refuses `$LATEST` and versions that aliases refer to (reference
 * 1.7).
 */
export function removeVersion(record: FunctionRecord, version: string): RecordChange {
  if (version === latestVersion) throw versionErrors.latestNotDeletable()
  if (!isPublishedVersion(version)) throw versionErrors.aliasNotDeletable()
  if (!record.versions.includes(version)) return { record }
  const holders = Object.values(record.aliases).filter(
    ({ functionVersion, weights }) => functionVersion === version || Object.hasOwn(weights, version),
  )
  if (holders.length > 0) throw conflicts.aliasesReference(holders.map(({ name }) => name))
  const versions = record.versions.filter((number) => number !== version)
  const rest = withoutCapacity(withoutActivation({ ...record, versions }, version), version)
  return { record: detachAll(rest, version), removedVersions: [version] }
}

/** The initial state of a new version: ready, pending, or an update of the version that it replaces. */
function begun(record: FunctionRecord, publication: Publication, stamp: Stamp): FunctionVersion {
  const { version, last, isWithUpdate = false } = publication
  const copy = publishedCopy(record, publication, stamp)
  if (!needsInitialisation(copy.settings)) return isWithUpdate ? pending(withoutUpdate(copy)) : copy
  if (isSwitchedOff(record, version)) return { ...withoutUpdate(copy), state: 'Deactivated' }
  const replaced = version === latestPublished && last !== undefined && isRunnable(last) ? last : undefined
  if (replaced === undefined) return pending(withoutUpdate(copy))
  return updating({ ...withoutUpdate(copy), state: 'Active', serving: replaced.serving ?? replaced })
}

function publishedCopy(record: FunctionRecord, publication: Publication, stamp: Stamp): FunctionVersion {
  const { latest } = record
  const { version, description = latest.settings.description } = publication
  return {
    ...latest,
    settings: { ...latest.settings, description },
    sourceDescription: latest.settings.description,
    version,
    revisionId: stamp.newId(),
    lastModifiedMs: stamp.nowMs(),
    generation: stamp.newId(),
  }
}

/** `$LATEST.PUBLISHED` is listed once, before the numbers. */
function withVersion(record: FunctionRecord, version: string): FunctionRecord {
  const { versions, nextVersion } = record
  if (version !== latestPublished) return { ...record, versions: [...versions, version], nextVersion: nextVersion + 1 }
  return versions.includes(version) ? record : { ...record, versions: [version, ...versions] }
}

function isRunnable({ state }: FunctionVersion): boolean {
  return state === 'Active'
}

function isUsable({ state, updateStatus }: FunctionVersion): boolean {
  return state !== 'Failed' && updateStatus !== 'Failed'
}

function withoutUpdate(version: FunctionVersion): FunctionVersion {
  const { updateStatus: _status, updateReason: _reason, updateReasonCode: _code, ...rest } = version
  return rest
}

function checkGuards(latest: FunctionVersion, { codeSha256, revisionId }: PublishRequest): void {
  requireRevision(latest, revisionId)
  if (codeSha256 !== undefined && codeSha256 !== latest.code.sha256) {
    throw versionErrors.codeSha256Differs(codeSha256, latest.code.sha256)
  }
  if (latest.state === 'Failed' || latest.updateStatus === 'Failed') throw conflicts.inState('Failed')
}

function withoutDescription({ description: _description, ...settings }: FunctionSettings) {
  return settings
}
