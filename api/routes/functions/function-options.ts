import { functionArn, type Home } from '../../functions/function/arn.ts'
import { attach, attachedTo } from '../../functions/function/attachment.ts'
import type { RuntimeManagement } from '../../functions/function/attached-settings.ts'
import type { Catalogue } from '../../functions/catalogue/catalogue.ts'
import { nameErrors } from '../../functions/function/errors.ts'
import { parseFunctionName, parseUnqualifiedName } from '../../functions/function/name.ts'
import { latestVersion, type FunctionRecord } from '../../functions/function/function.ts'
import type { Lifecycle } from '../../functions/lifecycle.ts'
import { findVersion } from '../../functions/versions/resolve.ts'
import { runtimeManagementErrors } from '../../functions/settings/runtime.ts'
import type { QualifiedMembers } from './functions.ts'
import type { Handlers } from '../http/handler.ts'

export interface FunctionOptionsDependencies extends Home {
  readonly catalogue: Pick<Catalogue, 'find' | 'findVersion'>
  readonly lifecycle: Pick<Lifecycle, 'read' | 'change'>
}

interface NameMembers {
  readonly FunctionName: string
}

interface ManagementMembers extends QualifiedMembers {
  readonly UpdateRuntimeOn: RuntimeManagement['updateRuntimeOn']
  readonly RuntimeVersionArn?: string
}

/** Recursion and runtime management configs: set and shown. */
export function functionOptionRoutes(dependencies: FunctionOptionsDependencies): Handlers {
  return {
    ...recursionRoutes(dependencies),
    ...runtimeManagementRoutes(dependencies),
  }
}

function recursionRoutes(dependencies: FunctionOptionsDependencies): Handlers {
  const { lifecycle } = dependencies
  const nameIn = ({ FunctionName }: NameMembers) => parseUnqualifiedName(FunctionName, dependencies)
  const show = ({ recursiveLoop = 'Terminate' }: FunctionRecord) => ({ RecursiveLoop: recursiveLoop })
  return {
    GetFunctionRecursionConfig: async (input: NameMembers) => show(await lifecycle.read(nameIn(input))),

    async PutFunctionRecursionConfig(input: NameMembers & { readonly RecursiveLoop: 'Terminate' | 'Allow' }) {
      const recursiveLoop = input.RecursiveLoop
      return show(
        (await lifecycle.change(nameIn(input), (record) => ({ record: { ...record, recursiveLoop } }))).record,
      )
    },
  }
}

function runtimeManagementRoutes(dependencies: FunctionOptionsDependencies): Handlers {
  const show = (record: FunctionRecord, version: string, qualifier: string | undefined) => {
    const config = attachedTo(record, 'runtimeManagement', version)
    return {
      UpdateRuntimeOn: config?.updateRuntimeOn ?? 'Auto',
      FunctionArn: functionArn(dependencies, record.name, qualifier),
      RuntimeVersionArn: config?.runtimeVersionArn,
    }
  }
  const find = async ({ FunctionName, Qualifier }: QualifiedMembers) => {
    const reference = parseFunctionName(FunctionName, Qualifier, dependencies)
    const { record, version } = await findVersion(dependencies, reference)
    return { ...reference, record, version: version.version }
  }
  return {
    async GetRuntimeManagementConfig(input: QualifiedMembers) {
      const { record, version, qualifier } = await find(input)
      return show(record, version, qualifier)
    },

    async PutRuntimeManagementConfig(input: ManagementMembers) {
      const { name, version, qualifier } = await find(input)
      const config = managementIn(input)
      const changed = await dependencies.lifecycle.change(name, (record) => {
        requireVersion(dependencies, record, version)
        return { record: attach(record, 'runtimeManagement', version, config) }
      })
      return show(changed.record, version, qualifier)
    },
  }
}

function managementIn({ UpdateRuntimeOn, RuntimeVersionArn }: ManagementMembers): RuntimeManagement {
  const isManual = UpdateRuntimeOn === 'Manual'
  if (isManual && RuntimeVersionArn === undefined) throw runtimeManagementErrors.noRuntimeVersion()
  if (!isManual && RuntimeVersionArn !== undefined) throw runtimeManagementErrors.runtimeVersionNotManual()
  return {
    updateRuntimeOn: UpdateRuntimeOn,
    ...(RuntimeVersionArn === undefined ? {} : { runtimeVersionArn: RuntimeVersionArn }),
  }
}

function requireVersion(home: Home, { name, versions }: FunctionRecord, version: string): void {
  if (version === latestVersion || versions.includes(version)) return
  throw nameErrors.notFound(functionArn(home, name, version))
}
