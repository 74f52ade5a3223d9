import { ownMember } from '../function/own-member.ts'
import { functionArn, type Home } from '../function/arn.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import { conflicts, nameErrors, noPublishedVersion } from '../function/errors.ts'
import type { FunctionReference } from '../function/name.ts'
import { isManaged, isPublishedVersion, latestPublished, latestVersion } from '../function/function.ts'
import type { Alias, FunctionRecord, FunctionVersion } from '../function/function.ts'

/** The version that an invocation of a name and qualifier runs. */
export interface ResolvedVersion {
  readonly record: FunctionRecord
  /** The version to run; during an update of `$LATEST` or `$LATEST.PUBLISHED` the previous one. */
  readonly version: FunctionVersion
  /** The ARN with exactly the qualifier of the request. */
  readonly invokedArn: string
  /** `$LATEST`, `$LATEST.PUBLISHED` or a number, also behind an alias. */
  readonly executedVersion: string
}

export interface ResolveDependencies extends Home {
  readonly catalogue: Pick<Catalogue, 'find' | 'findVersion'>
  /** A random number from 0 up to 1, which selects a version of a weighted alias. */
  readonly random: () => number
}

/**
 * Finds the version to run for an invocation. Unknown names are 404, functions that are not active 409 (reference 1.7, 2.1).
 */
export async function resolveVersion(
  dependencies: ResolveDependencies,
  { name, qualifier }: FunctionReference,
): Promise<ResolvedVersion> {
  const { catalogue, random } = dependencies
  const record = (await catalogue.find(name))?.value
  const alias = record === undefined || qualifier === undefined ? undefined : aliasOf(record, qualifier)
  const number = alias === undefined ? (qualifier ?? defaultVersion(record)) : chooseVersion(alias, random)
  const version = record === undefined ? undefined : await runnableVersion(catalogue, record, number)
  if (record === undefined || version === undefined) {
    throw nameErrors.notFound(functionArn(dependencies, name, qualifier ?? latestVersion))
  }
  const { state, stateReason } = version
  if (state !== 'Active') throw conflicts.inState(state, state === 'Failed' ? stateReason : undefined)
  return { record, version, invokedArn: functionArn(dependencies, name, qualifier), executedVersion: version.version }
}

/** A function and the version behind a qualifier, as the control plane shows it. */
export interface FoundVersion {
  readonly record: FunctionRecord
  readonly version: FunctionVersion
}

/** Finds the version that a name and qualifier refer to; for an alias, its main version. */
export async function findVersion(
  dependencies: Home & { readonly catalogue: Pick<Catalogue, 'find' | 'findVersion'> },
  { name, qualifier }: FunctionReference,
): Promise<FoundVersion> {
  const record = (await dependencies.catalogue.find(name))?.value
  if (record !== undefined) {
    const number = aliasOf(record, qualifier ?? latestVersion)?.functionVersion ?? qualifier ?? latestVersion
    const version =
      number === latestVersion ? record.latest : await publishedVersion(dependencies.catalogue, record, number)
    if (version !== undefined) return { record, version }
  }
  throw nameErrors.notFound(functionArn(dependencies, name, qualifier))
}

/** The version that runs without a qualifier (reference 2.6). */
function defaultVersion(record: FunctionRecord | undefined): string {
  if (record === undefined || !isManaged(record)) return latestVersion
  if (!record.versions.includes(latestPublished)) throw noPublishedVersion()
  return latestPublished
}

function aliasOf(record: FunctionRecord, qualifier: string): Alias | undefined {
  return ownMember(record.aliases, qualifier)
}

function chooseVersion({ functionVersion, weights }: Alias, random: () => number): string {
  for (const [version, weight] of Object.entries(weights)) {
    if (random() < weight) return version
  }
  return functionVersion
}

async function runnableVersion(
  catalogue: Pick<Catalogue, 'findVersion'>,
  record: FunctionRecord,
  number: string,
): Promise<FunctionVersion | undefined> {
  if (number === latestVersion) return record.serving ?? record.latest
  const version = await publishedVersion(catalogue, record, number)
  return version?.serving ?? version
}

async function publishedVersion(
  catalogue: Pick<Catalogue, 'findVersion'>,
  record: FunctionRecord,
  number: string,
): Promise<FunctionVersion | undefined> {
  return isPublishedVersion(number) ? catalogue.findVersion(record.name, number) : undefined
}
