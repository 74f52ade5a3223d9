import { ownMember } from '../function/own-member.ts'
import { latestVersion, type FunctionRecord, type FunctionVersion } from '../function/function.ts'

/** The record with the capacity provider of a version. */
export function withCapacity(record: FunctionRecord, version: FunctionVersion): FunctionRecord {
  const provider = version.settings.capacityProvider
  if (provider === undefined) return record
  return { ...record, capacity: { ...record.capacity, [version.version]: providerNameOf(provider.arn) } }
}

/** The record without the capacity provider of a version. */
export function withoutCapacity(record: FunctionRecord, version: string): FunctionRecord {
  if (record.capacity === undefined || !Object.hasOwn(record.capacity, version)) return record
  const { [version]: _removed, ...capacity } = record.capacity
  return { ...record, capacity }
}

/** Names of the capacity providers that versions of the function use. */
export function providersOf({ capacity = {} }: FunctionRecord): string[] {
  return [...new Set(Object.values(capacity))]
}

/** Versions of the function on the provider, in the order of lists. */
export function versionsOn({ capacity = {}, versions }: FunctionRecord, provider: string): string[] {
  return [latestVersion, ...versions].filter((version) => ownMember(capacity, version) === provider)
}

/** Published versions on a capacity provider, whose environments its scaling manages. */
export function managedVersions({ capacity = {}, versions }: FunctionRecord): string[] {
  return versions.filter((version) => ownMember(capacity, version) !== undefined)
}

function providerNameOf(arn: string): string {
  return arn.split(':')[6] ?? ''
}
