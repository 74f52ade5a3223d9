import { ownMember } from '../function/own-member.ts'
import { functionArn, type Home } from '../function/arn.ts'
import { attachedTo, detachAll } from '../function/attachment.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import { conflicts, nameErrors, versionErrors } from '../function/errors.ts'
import { latestVersion, type Alias, type FunctionRecord } from '../function/function.ts'
import { requireRevision } from '../catalogue/record-change.ts'

/** The settings of an alias in a request; absent members stay as they are. */
export interface AliasChange {
  readonly functionVersion?: string | undefined
  readonly description?: string | undefined
  readonly weights?: Readonly<Record<string, number>> | undefined
}

/** The record with a new alias; 409 if the name is taken (reference 2.7). */
export function createAlias(
  record: FunctionRecord,
  name: string,
  change: AliasChange & { readonly functionVersion: string },
  revisionId: string,
  home: Home,
): FunctionRecord {
  if (Object.hasOwn(record.aliases, name)) throw conflicts.aliasExists(functionArn(home, record.name, name))
  const { functionVersion, description = '', weights = {} } = change
  return withAlias(record, { name, functionVersion, description, weights, revisionId }, home)
}

/** The record with the alias changed. */
export function updateAlias(
  record: FunctionRecord,
  name: string,
  change: AliasChange & { readonly expectedRevisionId?: string | undefined },
  revisionId: string,
  home: Home,
): FunctionRecord {
  const current = findAlias(record, name)
  if (current === undefined) throw versionErrors.aliasNotFound(functionArn(home, record.name, name))
  requireRevision(current, change.expectedRevisionId)
  const {
    functionVersion = current.functionVersion,
    description = current.description,
    weights = current.weights,
  } = change
  return withAlias(record, { name, functionVersion, description, weights, revisionId }, home)
}

/** The record without the alias and its attached settings; the same record if there is none. */
export function removeAlias(record: FunctionRecord, name: string): FunctionRecord {
  if (findAlias(record, name) === undefined) return record
  const { [name]: _removed, ...aliases } = record.aliases
  return closeUrl(detachAll({ ...record, aliases }, name), attachedTo(record, 'url', name)?.urlId)
}

const maxClosedUrls = 100

function closeUrl(record: FunctionRecord, urlId: string | undefined): FunctionRecord {
  if (urlId === undefined) return record
  return { ...record, closedUrls: [...(record.closedUrls ?? []), urlId].slice(-maxClosedUrls) }
}

export function findAlias(record: FunctionRecord, name: string): Alias | undefined {
  return ownMember(record.aliases, name)
}

/** Refuses an alias whose versions have different roles or dead letter queues (reference 2.7). */
export async function checkSharing(
  catalogue: Pick<Catalogue, 'findVersion'>,
  record: FunctionRecord,
  name: string,
): Promise<void> {
  const { functionVersion, weights = {} } = findAlias(record, name) ?? {}
  const [other] = Object.keys(weights)
  if (functionVersion === undefined || other === undefined) return
  const versions = await Promise.all([functionVersion, other].map((each) => catalogue.findVersion(record.name, each)))
  const [one, two] = versions.map((version) => version?.settings)
  if (one?.role !== two?.role) throw versionErrors.differentRoles()
  if (one?.deadLetterTargetArn !== two?.deadLetterTargetArn) throw versionErrors.differentDeadLetters()
}

function withAlias(record: FunctionRecord, alias: Alias, home: Home): FunctionRecord {
  checkRouting(record, alias, home)
  return { ...record, aliases: Object.fromEntries([...Object.entries(record.aliases), [alias.name, alias]]) }
}

function checkRouting(record: FunctionRecord, { functionVersion, weights }: Alias, home: Home): void {
  const others = Object.keys(weights)
  if (others.length > 1) throw versionErrors.tooManyWeights()
  if (others.length > 0 && functionVersion === latestVersion) throw versionErrors.latestInRouting()
  if (others.includes(functionVersion)) throw versionErrors.versionTwice(functionVersion)
  for (const version of [functionVersion, ...others]) {
    if (version !== latestVersion && !record.versions.includes(version)) {
      throw nameErrors.notFound(functionArn(home, record.name, version))
    }
  }
}
