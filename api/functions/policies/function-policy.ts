import { ownMember } from '../function/own-member.ts'
import { functionArn, type Home } from '../function/arn.ts'
import type { PolicyHead, PolicyStatement } from '../function/attached-settings.ts'
import { attach, attachedTo, detach } from '../function/attachment.ts'
import type { CatalogueChange } from '../catalogue/catalogue.ts'
import { conflicts, nameErrors, versionErrors } from '../function/errors.ts'
import { latestVersion, type Alias, type FunctionRecord, type FunctionVersion } from '../function/function.ts'
import { policyErrors } from './policy.ts'

/** The owner of a resource policy: the function, one of its versions, or an alias. */
export type PolicyHolder =
  | { readonly kind: 'function'; readonly revisionId: string }
  | { readonly kind: 'version'; readonly revisionId: string; readonly version: FunctionVersion }
  | { readonly kind: 'alias'; readonly revisionId: string; readonly alias: Alias }

/** A policy after a change; without a head it is printed as `AddPermission`'s. */
export interface ChangedPolicy {
  readonly statements: readonly PolicyStatement[]
  readonly head?: PolicyHead | undefined
}

/** The statements of the policy of a function without a qualifier, or of its version or alias. */
export function policyOf(record: FunctionRecord, qualifier = ''): readonly PolicyStatement[] {
  return attachedTo(record, 'policy', qualifier) ?? []
}

/** The head of a policy that was put as a whole. */
export function policyHeadOf(record: FunctionRecord, qualifier = ''): PolicyHead | undefined {
  return attachedTo(record, 'policyHead', qualifier)
}

/** The owner that a qualifier names; 404 if there is no such version or alias (reference 2.8). */
export function holderOf(
  home: Home,
  record: FunctionRecord,
  qualifier: string | undefined,
  version: FunctionVersion | undefined,
): PolicyHolder {
  if (qualifier === undefined) return { kind: 'function', revisionId: record.latest.revisionId }
  if (version !== undefined) return { kind: 'version', revisionId: version.revisionId, version }
  const alias = ownMember(record.aliases, qualifier)
  if (alias !== undefined) return { kind: 'alias', revisionId: alias.revisionId, alias }
  const arn = functionArn(home, record.name, qualifier)
  throw /^[a-zA-Z0-9-_]+$/.test(qualifier) && !/^\d+$/.test(qualifier)
    ? versionErrors.aliasUnknown(arn)
    : nameErrors.notFound(arn)
}

/** Refuses a change of a policy that was computed from another revision. The text depends on the API that returns the id. */
export function requirePolicyRevision(
  holder: PolicyHolder,
  statements: readonly PolicyStatement[],
  expected: string | undefined,
  reader: 'GetPolicy' | 'GetResourcePolicy',
): void {
  if (expected === undefined || expected === holder.revisionId) return
  throw holder.kind === 'function' && statements.length === 0 ? conflicts.revision() : policyErrors.revision(reader)
}

/** The record with another policy, and a new revision of its owner. A policy without statements is none. */
export function withPolicy(
  record: FunctionRecord,
  holder: PolicyHolder,
  { statements, head }: ChangedPolicy,
  revisionId: string,
): Pick<CatalogueChange, 'record' | 'versions'> {
  switch (holder.kind) {
    case 'function':
      return { record: { ...withStatements(record, '', statements, head), latest: { ...record.latest, revisionId } } }
    case 'version': {
      const { version } = holder
      return {
        record: withStatements(record, version.version, statements, head),
        versions: [{ ...version, revisionId }],
      }
    }
    case 'alias': {
      const { name } = holder.alias
      const aliases = { ...record.aliases, [name]: { ...holder.alias, revisionId } }
      return { record: { ...withStatements(record, name, statements, head), aliases } }
    }
  }
}

/** Refuses qualifiers that cannot have policies. */
export function requirePolicyQualifier(qualifier: string | undefined): void {
  if (qualifier === latestVersion) throw policyErrors.latest()
}

function withStatements(
  record: FunctionRecord,
  qualifier: string,
  statements: readonly PolicyStatement[],
  head: PolicyHead | undefined,
): FunctionRecord {
  const bare = detach(detach(record, 'policy', qualifier), 'policyHead', qualifier)
  if (statements.length === 0) return bare
  const withHead = head === undefined ? bare : attach(bare, 'policyHead', qualifier, head)
  return attach(withHead, 'policy', qualifier, statements)
}
