import { ownMember } from '../function/own-member.ts'
import { functionArn, type Home } from '../function/arn.ts'
import { allAttached, attach, attachedTo } from '../function/attachment.ts'
import type { ProvisionedConfig } from '../function/attached-settings.ts'
import { nameErrors, versionErrors } from '../function/errors.ts'
import { isManaged, latestVersion, type FunctionRecord } from '../function/function.ts'
import { capacityErrors } from '../capacity-providers/managed-instances.ts'
import { provisionedErrors } from './errors.ts'

/** The progress of a provisioned concurrency config. */
export interface Allocation {
  readonly status: 'IN_PROGRESS' | 'READY' | 'FAILED'
  readonly statusReason?: string
  /** Number of initialised environments. */
  readonly allocated: number
}

/** Keeps environments initialised as configured in functions' records. */
export interface Provisioning {
  /** Reconciles the function's environments with its record, in the background. */
  refresh(functionName: string): void
  allocationOf(record: FunctionRecord, qualifier: string): Promise<Allocation>
  /** Whether a version on a capacity provider has its minimum of environments. */
  isScaled(record: FunctionRecord, version: string): Promise<boolean>
}

/** The version behind a qualifier that is a published version or an alias; throws for any other (reference 7.3). */
export function provisionableVersion(
  record: FunctionRecord | undefined,
  name: string,
  qualifier: string,
  home: Home,
): string {
  const isNumber = /^\d+$/.test(qualifier)
  const arn = functionArn(home, name, qualifier)
  if (isNumber) {
    if (record?.versions.includes(qualifier) === true) return qualifier
    throw nameErrors.notFound(arn)
  }
  const alias = ownMember(record?.aliases, qualifier)
  if (alias === undefined) throw versionErrors.aliasUnknown(arn)
  if (alias.functionVersion === latestVersion) throw provisionedErrors.unpublished()
  return alias.functionVersion
}

/** The record with provisioned concurrency on the qualifier; throws if it exceeds the function's reservation. */
export function putProvisioned(
  record: FunctionRecord,
  qualifier: string,
  config: ProvisionedConfig,
  home: Home,
): FunctionRecord {
  const version = provisionableVersion(record, record.name, qualifier, home)
  if (isManaged(record)) throw capacityErrors.notTogether('Provisioned concurrency')
  refuseTwice(record, qualifier, version)
  const { reservedConcurrency: reserved } = record
  const others = provisionedSum(record) - (attachedTo(record, 'provisioned', qualifier)?.requested ?? 0)
  if (reserved !== undefined && others + config.requested > reserved) throw provisionedErrors.aboveReserved()
  return attach(record, 'provisioned', qualifier, config)
}

/** Provisioned concurrency of all the function's versions and aliases. */
export function provisionedSum(record: FunctionRecord): number {
  return allAttached(record, 'provisioned').reduce((sum, [, { requested }]) => sum + requested, 0)
}

/** Provisioned environments of each version, over all configs. */
export function provisionedVersions(record: FunctionRecord): Map<string, number> {
  const wanted = new Map<string, number>()
  for (const [qualifier, { requested }] of allAttached(record, 'provisioned')) {
    const version = ownMember(record.aliases, qualifier)?.functionVersion ?? qualifier
    wanted.set(version, (wanted.get(version) ?? 0) + requested)
  }
  return wanted
}

/** A version can be provisioned either itself or through one alias. */
function refuseTwice(record: FunctionRecord, qualifier: string, version: string): void {
  const isAlias = qualifier !== version
  const others = allAttached(record, 'provisioned').filter(([other]) => other !== qualifier)
  for (const [other] of others) {
    if (other === version && isAlias) throw provisionedErrors.versionProvisioned()
    if (ownMember(record.aliases, other)?.functionVersion !== version) continue
    throw isAlias ? provisionedErrors.versionProvisioned() : provisionedErrors.versionOfAlias()
  }
}
