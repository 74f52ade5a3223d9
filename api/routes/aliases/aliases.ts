import { checkSharing, createAlias, findAlias, removeAlias, updateAlias } from '../../functions/versions/alias.ts'
import { functionArn, type Home } from '../../functions/function/arn.ts'
import type { Catalogue } from '../../functions/catalogue/catalogue.ts'
import { versionErrors } from '../../functions/function/errors.ts'
import { parseUnqualifiedName } from '../../functions/function/name.ts'
import type { Alias, FunctionRecord } from '../../functions/function/function.ts'
import type { Lifecycle } from '../../functions/lifecycle.ts'
import type { Handlers, Output } from '../http/handler.ts'
import { keyBefore, pageLimit, pageOf, type PageMembers } from '../http/page.ts'

export interface AliasRoutesDependencies extends Home {
  readonly catalogue: Pick<Catalogue, 'findVersion'>
  readonly lifecycle: Pick<Lifecycle, 'read' | 'change'>
  readonly newId: () => string
}

interface FunctionMembers {
  readonly FunctionName: string
}

interface NamedMembers extends FunctionMembers {
  readonly Name: string
}

interface AliasMembers extends NamedMembers {
  readonly FunctionVersion?: string
  readonly Description?: string
  readonly RoutingConfig?: { readonly AdditionalVersionWeights?: Readonly<Record<string, number>> }
  readonly RevisionId?: string
}

interface ListMembers extends FunctionMembers, PageMembers {
  readonly FunctionVersion?: string
}

/** The five alias operations. */
export function aliasRoutes(dependencies: AliasRoutesDependencies): Handlers {
  const { catalogue, lifecycle, newId } = dependencies
  const nameIn = ({ FunctionName }: FunctionMembers) => parseUnqualifiedName(FunctionName, dependencies)
  const show = (record: FunctionRecord, name: string) => {
    const alias = findAlias(record, name)
    if (alias === undefined) throw versionErrors.aliasUnknown(functionArn(dependencies, record.name, name))
    return aliasOutput(dependencies, record.name, alias)
  }
  const change = async (input: NamedMembers, rule: (record: FunctionRecord) => FunctionRecord) => {
    const changed = await lifecycle.change(nameIn(input), async (current) => {
      const record = rule(current)
      await checkSharing(catalogue, record, input.Name)
      return { record }
    })
    return changed.record
  }

  return {
    async CreateAlias(input: AliasMembers & { readonly FunctionVersion: string }) {
      const asked = { ...changeIn(input), functionVersion: input.FunctionVersion }
      const record = await change(input, (current) => createAlias(current, input.Name, asked, newId(), dependencies))
      return show(record, input.Name)
    },

    async UpdateAlias(input: AliasMembers) {
      const asked = { ...changeIn(input), expectedRevisionId: input.RevisionId }
      const record = await change(input, (current) => updateAlias(current, input.Name, asked, newId(), dependencies))
      return show(record, input.Name)
    },

    GetAlias: async (input: NamedMembers) => show(await lifecycle.read(nameIn(input)), input.Name),

    async DeleteAlias(input: NamedMembers) {
      await change(input, (record) => removeAlias(record, input.Name))
      return {}
    },

    async ListAliases(input: ListMembers) {
      const record = await lifecycle.read(nameIn(input))
      const { items, nextMarker } = aliasPage(record, input)
      const aliases = items.map((alias) => aliasOutput(dependencies, record.name, alias))
      return { Aliases: aliases, NextMarker: nextMarker }
    },
  }
}

function aliasPage(record: FunctionRecord, input: ListMembers) {
  const [version, before] = [input.FunctionVersion, keyBefore(input)]
  const candidates = Object.values(record.aliases)
    .filter(({ functionVersion }) => version === undefined || functionVersion === version)
    .filter(({ name }) => before === undefined || name > before)
    .sort((one, other) => (one.name < other.name ? -1 : 1))
  return pageOf(candidates, pageLimit(input), ({ name }) => name)
}

function changeIn({ FunctionVersion, Description, RoutingConfig }: AliasMembers) {
  // A routing config without weights removes them, which Terraform relies on.
  const weights = RoutingConfig && (RoutingConfig.AdditionalVersionWeights ?? {})
  return { functionVersion: FunctionVersion, description: Description, weights }
}

function aliasOutput(home: Home, functionName: string, alias: Alias): Output {
  const { name, functionVersion, description, revisionId, weights } = alias
  return {
    AliasArn: functionArn(home, functionName, name),
    Name: name,
    FunctionVersion: functionVersion,
    Description: description,
    RevisionId: revisionId,
    RoutingConfig: Object.keys(weights).length === 0 ? undefined : { AdditionalVersionWeights: weights },
  }
}
