import type { Home } from '../../functions/function/arn.ts'
import { nameErrors } from '../../functions/function/errors.ts'
import {
  layerArn,
  layerErrors,
  parseLayerName,
  parseLayerVersionArn,
  type LayerVersion,
} from '../../functions/layers/layer.ts'
import type { Layers } from '../../functions/layers/layers.ts'
import { codeInput, resolvedObject, type CodeMembers } from '../packages/code-input.ts'
import { codeLink, type CodeLinkKey } from '../packages/code-link.ts'
import { dateText } from '../http/date-text.ts'
import type { Handlers, Output, RequestContext } from '../http/handler.ts'
import { keyBefore, pageLimit, pageOf, type PageMembers } from '../http/page.ts'

export interface LayerRoutesDependencies extends Home, CodeLinkKey {
  readonly layers: Layers
}

/** Members of the operations on one version of a layer. */
export interface LayerVersionMembers {
  readonly LayerName: string
  readonly VersionNumber: number
}

interface PublishMembers {
  readonly LayerName: string
  readonly Description?: string
  readonly Content: CodeMembers
  readonly CompatibleRuntimes?: readonly string[]
  readonly CompatibleArchitectures?: readonly string[]
  readonly LicenseInfo?: string
}

interface ListMembers extends PageMembers {
  readonly CompatibleRuntime?: string
  readonly CompatibleArchitecture?: string
}

/** Layers published, shown, listed and removed (reference 2.9). */
export function layerRoutes(dependencies: LayerRoutesDependencies): Handlers {
  const { layers } = dependencies
  const nameIn = (text: string) => parseLayerName(text, dependencies)
  const shown = async (name: string, version: number, { baseUrl }: RequestContext) => {
    const found = await layers.find(name, version)
    if (found === undefined) throw nameErrors.resourceNotFound()
    return versionOutput(dependencies, baseUrl, found)
  }

  return {
    async PublishLayerVersion(input: PublishMembers, { baseUrl }: RequestContext) {
      const published = await layers.publish({
        name: nameIn(input.LayerName),
        description: input.Description ?? '',
        code: codeInput(input.Content),
        runtimes: input.CompatibleRuntimes,
        architectures: input.CompatibleArchitectures,
        licenseInfo: input.LicenseInfo,
      })
      return versionOutput(dependencies, baseUrl, published)
    },

    async GetLayerVersion(input: LayerVersionMembers, context: RequestContext) {
      return shown(nameIn(input.LayerName), layerVersionNumber(input), context)
    },

    async GetLayerVersionByArn({ Arn: arn }: { readonly Arn: string }, context: RequestContext) {
      const { accountId, region, name, version } = parseLayerVersionArn(arn)
      if (region !== dependencies.region) throw nameErrors.resourceNotFound()
      if (accountId !== dependencies.accountId) throw nameErrors.otherAccount()
      return shown(name, layerVersionNumber({ VersionNumber: version }), context)
    },

    async ListLayers(input: ListMembers) {
      const limit = pageLimit(input)
      const found = await layers.list({ ...filterIn(input), after: keyBefore(input), limit: limit + 1 })
      const { items, nextMarker } = pageOf(found, limit, ({ name }) => name)
      return { Layers: items.map((newest) => layerOutput(dependencies, newest)), NextMarker: nextMarker }
    },

    async ListLayerVersions(input: ListMembers & { readonly LayerName: string }) {
      const limit = pageLimit(input)
      const page = { ...filterIn(input), after: keyBefore(input), limit: limit + 1 }
      const found = await layers.listVersions(nameIn(input.LayerName), page)
      const { items, nextMarker } = pageOf(found, limit, ({ version }) => String(version))
      return { LayerVersions: items.map((each) => listedVersion(dependencies, each)), NextMarker: nextMarker }
    },

    async DeleteLayerVersion(input: LayerVersionMembers) {
      await layers.remove(nameIn(input.LayerName), layerVersionNumber(input))
      return {}
    },
  }
}

/** The number of a layer version that a request names. */
export function layerVersionNumber({ VersionNumber: number }: Pick<LayerVersionMembers, 'VersionNumber'>): number {
  if (number < 1) throw layerErrors.versionTooLow()
  return number
}

function filterIn({ CompatibleRuntime, CompatibleArchitecture }: ListMembers) {
  return { runtime: CompatibleRuntime, architecture: CompatibleArchitecture }
}

function versionOutput(dependencies: LayerRoutesDependencies, baseUrl: string, version: LayerVersion): Output {
  const { sha256, sizeBytes, object } = version.code
  return {
    Content: {
      Location: codeLink(dependencies, baseUrl, sha256),
      CodeSha256: sha256,
      CodeSize: sizeBytes,
      ResolvedS3Object: resolvedObject(object),
    },
    LayerArn: layerArn(dependencies, version.name),
    ...listedVersion(dependencies, version),
  }
}

function layerOutput(home: Home, newest: LayerVersion): Output {
  const { name } = newest
  return { LayerName: name, LayerArn: layerArn(home, name), LatestMatchingVersion: listedVersion(home, newest) }
}

function listedVersion(home: Home, { name, version, absentLists = [], ...facts }: LayerVersion): Output {
  return {
    LayerVersionArn: layerArn(home, name, version),
    Version: version,
    Description: facts.description,
    CreatedDate: dateText(facts.createdMs),
    CompatibleRuntimes: absentLists.includes('runtimes') ? undefined : facts.runtimes,
    CompatibleArchitectures: absentLists.includes('architectures') ? undefined : facts.architectures,
    LicenseInfo: facts.licenseInfo,
  }
}
