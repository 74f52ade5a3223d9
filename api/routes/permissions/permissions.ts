import { functionArn, type Home } from '../../functions/function/arn.ts'
import type { PolicyHead, PolicyStatement } from '../../functions/function/attached-settings.ts'
import type { Catalogue } from '../../functions/catalogue/catalogue.ts'
import { nameErrors } from '../../functions/function/errors.ts'
import { isPublishedVersion } from '../../functions/function/function.ts'
import { parseFunctionName } from '../../functions/function/name.ts'
import {
  holderOf,
  policyHeadOf,
  policyOf,
  requirePolicyQualifier,
  requirePolicyRevision,
  withPolicy,
} from '../../functions/policies/function-policy.ts'
import type { Lifecycle } from '../../functions/lifecycle.ts'
import {
  addStatement,
  policyErrors,
  policyText,
  removeStatement,
  statementText,
} from '../../functions/policies/policy.ts'
import type { QualifiedMembers } from '../functions/functions.ts'
import type { Handlers } from '../http/handler.ts'

export interface PermissionRoutesDependencies extends Home {
  readonly catalogue: Pick<Catalogue, 'find' | 'findVersion'>
  readonly lifecycle: Pick<Lifecycle, 'change'>
  readonly newId: () => string
}

interface StatementMembers extends QualifiedMembers {
  readonly StatementId: string
  readonly RevisionId?: string
}

interface AddMembers extends StatementMembers {
  readonly Action: string
  readonly Principal: string
  readonly SourceArn?: string
  readonly SourceAccount?: string
  readonly EventSourceToken?: string
  readonly PrincipalOrgID?: string
  readonly FunctionUrlAuthType?: string
  readonly InvokedViaFunctionUrl?: boolean
}

type PolicyRule = (statements: readonly PolicyStatement[], head: PolicyHead | undefined) => readonly PolicyStatement[]

/** The resource policies of functions, versions and aliases (reference 2.8). */
export function permissionRoutes(dependencies: PermissionRoutesDependencies): Handlers {
  const { catalogue, lifecycle, newId } = dependencies
  const referenceIn = ({ FunctionName, Qualifier }: QualifiedMembers) =>
    parseFunctionName(FunctionName, Qualifier, dependencies)

  const changePolicy = async (input: StatementMembers, rule: PolicyRule) => {
    const { name, qualifier } = referenceIn(input)
    await lifecycle.change(name, async (record) => {
      const version = await publishedVersion(catalogue, name, qualifier)
      const holder = holderOf(dependencies, record, qualifier, version)
      const statements = policyOf(record, qualifier)
      requirePolicyRevision(holder, statements, input.RevisionId, 'GetPolicy')
      const head = policyHeadOf(record, qualifier)
      return withPolicy(record, holder, { statements: rule(statements, head), head }, newId())
    })
  }

  return {
    async AddPermission(input: AddMembers) {
      const { name, qualifier } = referenceIn(input)
      requirePolicyQualifier(qualifier)
      const [statement, arn] = [statementIn(input), functionArn(dependencies, name, qualifier)]
      await changePolicy(input, (statements, head) => addStatement(statements, statement, arn, head))
      return { Statement: statementText(statement, arn) }
    },

    async RemovePermission(input: StatementMembers) {
      const { name, qualifier } = referenceIn(input)
      if ((await catalogue.find(name)) === undefined)
        throw policyErrors.functionUnknown(functionArn(dependencies, name))
      if (qualifier === '$LATEST') throw policyErrors.none()
      await changePolicy(input, (statements) => removeStatement(statements, input.StatementId))
      return {}
    },

    async GetPolicy(input: QualifiedMembers) {
      const { name, qualifier } = referenceIn(input)
      const record = (await catalogue.find(name))?.value
      const statements = record === undefined ? [] : policyOf(record, qualifier)
      if (record === undefined || statements.length === 0) throw nameErrors.resourceNotFound()
      const version = await publishedVersion(catalogue, name, qualifier)
      const { revisionId } = holderOf(dependencies, record, qualifier, version)
      const arn = functionArn(dependencies, name, qualifier)
      return { Policy: policyText(statements, arn, policyHeadOf(record, qualifier)), RevisionId: revisionId }
    },
  }
}

/** The published version that a qualifier names, if it is one. */
export async function publishedVersion(catalogue: Pick<Catalogue, 'findVersion'>, name: string, qualifier = '') {
  return isPublishedVersion(qualifier) ? catalogue.findVersion(name, qualifier) : undefined
}

function statementIn(input: AddMembers): PolicyStatement {
  const { SourceArn, SourceAccount, EventSourceToken, PrincipalOrgID, FunctionUrlAuthType } = input
  return {
    id: input.StatementId,
    action: input.Action,
    principal: input.Principal,
    ...(SourceArn && { sourceArn: SourceArn }),
    ...(SourceAccount && { sourceAccount: SourceAccount }),
    ...(EventSourceToken && { eventSourceToken: EventSourceToken }),
    ...(PrincipalOrgID && { organizationId: PrincipalOrgID }),
    ...(FunctionUrlAuthType && { urlAuthType: FunctionUrlAuthType }),
    ...(input.InvokedViaFunctionUrl !== undefined && { isViaUrl: input.InvokedViaFunctionUrl }),
  }
}
