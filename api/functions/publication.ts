import { isDeepStrictEqual } from 'node:util'
import { detachAll } from './attachment.ts'
import { conflicts, versionErrors } from './function-errors.ts'
import { latestVersion, type FunctionRecord, type FunctionSettings, type FunctionVersion } from './function.ts'
import { requireRevision, type RecordChange, type Stamp } from './record-change.ts'

export interface PublishRequest {
  readonly description?: string | undefined
  readonly codeSha256?: string | undefined
  readonly revisionId?: string | undefined
}

/** `$LATEST` as a version of its own; the last published one when nothing changed since (reference 2.6). */
export function publishVersion(
  record: FunctionRecord,
  last: FunctionVersion | undefined,
  request: PublishRequest,
  stamp: Stamp,
): RecordChange & { readonly described: FunctionVersion } {
  const { latest } = record
  checkGuards(latest, request)
  if (last !== undefined && isPublishedAs(latest, last)) return { record, described: last }
  const described = publishedCopy(record, stamp, request.description)
  const next = addVersion({ ...record, latest: { ...latest, revisionId: stamp.newId() } })
  return { record: next, versions: [described], described }
}

/** The version that `$LATEST` would be now, under the next free number. */
export function publishedCopy(record: FunctionRecord, stamp: Stamp, description?: string): FunctionVersion {
  const { latest } = record
  const settings = description === undefined ? latest.settings : { ...latest.settings, description }
  return {
    ...latest,
    settings,
    sourceDescription: latest.settings.description,
    version: String(record.nextVersion),
    revisionId: stamp.newId(),
    lastModifiedMs: stamp.nowMs(),
    generation: stamp.newId(),
  }
}

/** Gives the next number to a version. */
export function addVersion(record: FunctionRecord): FunctionRecord {
  const { versions, nextVersion } = record
  return { ...record, versions: [...versions, String(nextVersion)], nextVersion: nextVersion + 1 }
}

/** Whether code and settings of `$LATEST` are those that the version was published from. */
export function isPublishedAs(latest: FunctionVersion, published: FunctionVersion): boolean {
  return (
    latest.code.sha256 === published.code.sha256 &&
    latest.settings.description === (published.sourceDescription ?? published.settings.description) &&
    isDeepStrictEqual(withoutDescription(latest.settings), withoutDescription(published.settings))
  )
}

/** The record without one version and all that hangs on it; the function's aliases and `$LATEST` hold theirs (reference 1.7). */
export function removeVersion(record: FunctionRecord, version: string): RecordChange {
  if (version === latestVersion) throw versionErrors.latestNotDeletable()
  if (!/^\d+$/.test(version)) throw versionErrors.aliasNotDeletable()
  if (!record.versions.includes(version)) return { record }
  const holders = Object.values(record.aliases).filter(
    ({ functionVersion, weights }) => functionVersion === version || Object.hasOwn(weights, version),
  )
  if (holders.length > 0) throw conflicts.aliasesReference(holders.map(({ name }) => name))
  const versions = record.versions.filter((number) => number !== version)
  return { record: detachAll({ ...record, versions }, version), removedVersions: [version] }
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
