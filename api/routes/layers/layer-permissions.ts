import type { Home } from '../../functions/function/arn.ts'
import {
  layerArn,
  layerErrors,
  parseLayerName,
  type LayerPolicy,
  type LayerVersion,
} from '../../functions/layers/layer.ts'
import type { Layers } from '../../functions/layers/layers.ts'
import {
  addStatement,
  policyErrors,
  policyText,
  removeStatement,
  statementText,
} from '../../functions/policies/policy.ts'
import type { Handlers } from '../http/handler.ts'
import { layerVersionNumber, type LayerVersionMembers } from './layers.ts'

export interface LayerPermissionsDependencies extends Home {
  readonly layers: Pick<Layers, 'find' | 'changePolicy'>
  readonly newId: () => string
}

interface StatementMembers extends LayerVersionMembers {
  readonly StatementId: string
  readonly RevisionId?: string
}

interface AddMembers extends StatementMembers {
  readonly Action: string
  readonly Principal: string
  readonly OrganizationId?: string
}

/** The policies of layer versions (reference 2.9). */
export function layerPermissionRoutes(dependencies: LayerPermissionsDependencies): Handlers {
  const { layers, newId } = dependencies
  const namedIn = (input: LayerVersionMembers) => {
    const [name, version] = [parseLayerName(input.LayerName, dependencies), layerVersionNumber(input)]
    return { name, version, arn: layerArn(dependencies, name, version) }
  }

  return {
    async AddLayerVersionPermission(input: AddMembers) {
      const { name, version, arn } = namedIn(input)
      const statement = statementIn(input)
      const revisionId = newId()
      await layers.changePolicy(name, version, (policy) => {
        requireRevision(policy, input.RevisionId)
        return { revisionId, statements: addStatement(policy?.statements ?? [], statement, arn) }
      })
      return { Statement: statementText(statement, arn), RevisionId: revisionId }
    },

    async RemoveLayerVersionPermission(input: StatementMembers) {
      const { name, version } = namedIn(input)
      await layers.changePolicy(name, version, (policy) => {
        requireRevision(policy, input.RevisionId)
        const statements = removeStatement(policy?.statements ?? [], input.StatementId)
        return statements.length === 0 ? undefined : { revisionId: newId(), statements }
      })
      return {}
    },

    async GetLayerVersionPolicy(input: LayerVersionMembers) {
      const { name, version, arn } = namedIn(input)
      const found: LayerVersion | undefined = await layers.find(name, version)
      if (found === undefined) throw layerErrors.versionUnknown(arn)
      if (found.policy === undefined) throw policyErrors.none()
      const { statements, revisionId } = found.policy
      return { Policy: policyText(statements, arn), RevisionId: revisionId }
    },
  }
}

function requireRevision(policy: LayerPolicy | undefined, expected: string | undefined): void {
  if (expected !== undefined && expected !== policy?.revisionId) throw policyErrors.revision('GetLayerPolicy')
}

function statementIn({ StatementId: id, Action: action, Principal: principal, OrganizationId }: AddMembers) {
  return { id, action, principal, ...(OrganizationId && { organizationId: OrganizationId }) }
}
