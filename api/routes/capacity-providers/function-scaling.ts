import { functionArn, type Home } from '../../functions/function/arn.ts'
import { attachedTo } from '../../functions/function/attachment.ts'
import type { ScalingBounds } from '../../functions/function/attached-settings.ts'
import type { Catalogue } from '../../functions/catalogue/catalogue.ts'
import { nameErrors } from '../../functions/function/errors.ts'
import { parseUnqualifiedName } from '../../functions/function/name.ts'
import { boundsOf } from '../../functions/capacity-providers/scaling.ts'
import type { FunctionRecord, FunctionState, FunctionVersion } from '../../functions/function/function.ts'
import type { Lifecycle } from '../../functions/lifecycle.ts'
import type { Provisioning } from '../../functions/concurrency/provisioned.ts'
import { putScaling, requireManaged } from '../../functions/capacity-providers/scaling-change.ts'
import type { Handlers, Output } from '../http/handler.ts'

export interface FunctionScalingDependencies extends Home {
  readonly catalogue: Pick<Catalogue, 'findVersion'>
  readonly lifecycle: Pick<Lifecycle, 'read' | 'change'>
  readonly provisioning: Pick<Provisioning, 'isScaled'>
}

interface NameMembers {
  readonly FunctionName: string
  readonly Qualifier: string
}

interface ScalingMembers extends NameMembers {
  readonly FunctionScalingConfig?: {
    readonly MinExecutionEnvironments?: number
    readonly MaxExecutionEnvironments?: number
  }
}

/** The minimum and maximum of environments of a version on a capacity provider (reference 2.14). */
export function functionScalingRoutes(dependencies: FunctionScalingDependencies): Handlers {
  const { lifecycle, provisioning } = dependencies
  const nameIn = ({ FunctionName }: NameMembers) => parseUnqualifiedName(FunctionName, dependencies)
  const versionOf = (record: FunctionRecord, qualifier: string) => scalableVersion(dependencies, record, qualifier)

  return {
    async GetFunctionScalingConfig(input: NameMembers) {
      const { Qualifier: qualifier } = input
      const record = await lifecycle.read(nameIn(input))
      await versionOf(record, qualifier)
      const asked = attachedTo(record, 'scaling', qualifier)
      const isApplied = await provisioning.isScaled(record, qualifier)
      return {
        FunctionArn: functionArn(dependencies, record.name, qualifier),
        AppliedFunctionScalingConfig: appliedOutput(isApplied ? asked : asked?.before),
        RequestedFunctionScalingConfig: asked && requestedOutput(asked),
      }
    },

    async PutFunctionScalingConfig(input: ScalingMembers) {
      const asked = boundsIn(input)
      let state: FunctionState | undefined
      await lifecycle.change(nameIn(input), async (record) => {
        const changed = putScaling(record, await versionOf(record, input.Qualifier), asked)
        state = changed.version.state
        return changed
      })
      return { FunctionState: state }
    },
  }
}

async function scalableVersion(
  dependencies: FunctionScalingDependencies,
  record: FunctionRecord,
  qualifier: string,
): Promise<FunctionVersion> {
  const version = record.versions.includes(qualifier)
    ? await dependencies.catalogue.findVersion(record.name, qualifier)
    : undefined
  if (version === undefined) throw nameErrors.notFound(functionArn(dependencies, record.name, qualifier))
  requireManaged(record)
  return version
}

function boundsIn({ FunctionScalingConfig: asked = {} }: ScalingMembers): Omit<ScalingBounds, 'before'> {
  const { MinExecutionEnvironments: minimum, MaxExecutionEnvironments: maximum } = asked
  return {
    ...(minimum === undefined ? {} : { minimumEnvironments: minimum }),
    ...(maximum === undefined ? {} : { maximumEnvironments: maximum }),
  }
}

function requestedOutput({ minimumEnvironments, maximumEnvironments }: ScalingBounds): Output {
  return { MinExecutionEnvironments: minimumEnvironments, MaxExecutionEnvironments: maximumEnvironments }
}

function appliedOutput(asked: ScalingBounds | undefined): Output {
  const { minimum, maximum } = boundsOf(asked)
  return { MinExecutionEnvironments: minimum, MaxExecutionEnvironments: maximum }
}
