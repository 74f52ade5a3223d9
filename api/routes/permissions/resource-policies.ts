import { functionArn } from '../../functions/function/arn.ts'
import { nameErrors } from '../../functions/function/errors.ts'
import { parseFunctionName } from '../../functions/function/name.ts'
import {
  holderOf,
  policyHeadOf,
  policyOf,
  requirePolicyQualifier,
  requirePolicyRevision,
  withPolicy,
  type ChangedPolicy,
} from '../../functions/policies/function-policy.ts'
import { readPolicy } from '../../functions/policies/policy-document.ts'
import { checkLength, policyErrors, policyText } from '../../functions/policies/policy.ts'
import type { Handlers } from '../http/handler.ts'
import { publishedVersion, type PermissionRoutesDependencies } from './permissions.ts'

interface ResourceMembers {
  readonly ResourceArn: string
}

interface ChangeMembers extends ResourceMembers {
  readonly RevisionId?: string
}

interface PutMembers extends ChangeMembers {
  readonly Policy: string
}

/**
 * Resource policies as a whole. They are the policies whose statements `AddPermission` adds and `GetPolicy` shows: what one API
 * writes the other shows and changes.
 */
export function resourcePolicyRoutes(dependencies: PermissionRoutesDependencies): Handlers {
  const { catalogue, lifecycle, newId } = dependencies
  const referenceIn = ({ ResourceArn }: ResourceMembers) => parseFunctionName(ResourceArn, undefined, dependencies)

  const change = async (input: ChangeMembers, rule: (current: ChangedPolicy) => ChangedPolicy) => {
    const { name, qualifier } = referenceIn(input)
    const revisionId = newId()
    await lifecycle.change(name, async (record) => {
      const holder = holderOf(dependencies, record, qualifier, await publishedVersion(catalogue, name, qualifier))
      const statements = policyOf(record, qualifier)
      requirePolicyRevision(holder, statements, input.RevisionId, 'GetResourcePolicy')
      return withPolicy(record, holder, rule({ statements }), revisionId)
    })
    return revisionId
  }

  return {
    async PutResourcePolicy(input: PutMembers) {
      const { name, qualifier } = referenceIn(input)
      requirePolicyQualifier(qualifier)
      const arn = functionArn(dependencies, name, qualifier)
      const policy = readPolicy(input.Policy, arn)
      checkLength(policy.statements, arn, policy.head)
      const revisionId = await change(input, () => policy)
      return { Policy: policyText(policy.statements, arn, policy.head), RevisionId: revisionId }
    },

    async GetResourcePolicy(input: ResourceMembers) {
      const { name, qualifier } = referenceIn(input)
      const record = (await catalogue.find(name))?.value
      const statements = record === undefined ? [] : policyOf(record, qualifier)
      if (record === undefined || statements.length === 0) throw nameErrors.resourceNotFound()
      const version = await publishedVersion(catalogue, name, qualifier)
      const { revisionId } = holderOf(dependencies, record, qualifier, version)
      const arn = functionArn(dependencies, name, qualifier)
      return { Policy: policyText(statements, arn, policyHeadOf(record, qualifier)), RevisionId: revisionId }
    },

    async DeleteResourcePolicy(input: ChangeMembers) {
      if (referenceIn(input).qualifier === '$LATEST') throw policyErrors.none()
      await change(input, ({ statements }) => {
        if (statements.length === 0) throw policyErrors.none()
        return { statements: [] }
      })
      return {}
    },
  }
}
