import { functionArn, type Home } from '../function/arn.ts'
import type { Catalogue, CatalogueChange } from './catalogue.ts'
import { conflicts, nameErrors } from '../function/errors.ts'
import type { FunctionRecord, FunctionVersion } from '../function/function.ts'

/** A record to be saved, with the version documents that are created, changed or removed with it. */
export type RecordChange = Omit<CatalogueChange, 'expectedRevision'>

/** The time of a change, and the source of its new ids. */
export interface Stamp {
  readonly nowMs: () => number
  readonly newId: () => string
}

const attempts = 50

/**
 * Saves the record returned by `rule`. On a conflict the rule is applied again. A rule that returns undefined saves nothing.
 * Unknown functions are 404.
 */
export async function changeRecord<Change extends RecordChange>(
  { catalogue, ...home }: Home & { readonly catalogue: Catalogue },
  name: string,
  rule: (record: FunctionRecord) => Change | Promise<Change>,
): Promise<Change> {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const stored = await catalogue.find(name)
    if (stored === undefined) throw nameErrors.notFound(functionArn(home, name))
    const change = await rule(stored.value)
    const { record, versions = [], removedVersions = [] } = change
    if (record === stored.value) return change
    if (await catalogue.save({ record, versions, removedVersions, expectedRevision: stored.revision })) return change
  }
  throw conflicts.updateInProgress(functionArn(home, name))
}

/** Refuses changes while a function is pending or an update is in progress (reference 2.1). */
export function requireNoUpdateInProgress(latest: FunctionVersion, arn: string): void {
  if (latest.state === 'Pending') throw conflicts.inState(latest.state)
  if (latest.updateStatus === 'InProgress') throw conflicts.updateInProgress(arn)
}

/** Refuses a change that was computed from another revision than the current one. */
export function requireRevision(current: { readonly revisionId: string }, expected: string | undefined): void {
  if (expected !== undefined && expected !== current.revisionId) throw conflicts.revision()
}
