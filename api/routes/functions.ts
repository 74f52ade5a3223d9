import type { Home } from '../functions/arn.ts'
import type { Catalogue } from '../functions/catalogue.ts'
import type { CodeRequest } from '../functions/code-source.ts'
import { codeErrors, functionNameTooLong } from '../functions/function-errors.ts'
import { parseFunctionName, parseUnqualifiedName, type FunctionReference } from '../functions/function-name.ts'
import type { Lifecycle } from '../functions/lifecycle.ts'
import { findVersion, type FoundVersion } from '../functions/resolve.ts'
import { codeLink, type CodeLinkKey } from './code-link.ts'
import { functionConfiguration } from './function-configuration.ts'
import type { Handlers, Output, RequestContext } from './handler.ts'
import { refuseUnbuilt, settingsInput, type SettingsMembers } from './settings-input.ts'

export interface FunctionRoutesDependencies extends Home, CodeLinkKey {
  readonly catalogue: Catalogue
  readonly lifecycle: Lifecycle
}

/** Members of the operations that take a function and a version or alias of it. */
export interface QualifiedMembers {
  readonly FunctionName: string
  readonly Qualifier?: string
}

interface CodeMembers {
  readonly ZipFile?: Buffer
  readonly S3Bucket?: string
  readonly S3Key?: string
  readonly S3ObjectVersion?: string
  readonly ImageUri?: string
}

interface CreateMembers extends SettingsMembers {
  readonly FunctionName: string
  readonly PackageType?: string
  readonly Code: CodeMembers
  readonly Tags?: Readonly<Record<string, string>>
  readonly Publish?: boolean
}

interface UpdateCodeMembers extends CodeMembers {
  readonly FunctionName: string
  readonly Architectures?: readonly string[]
  readonly Publish?: boolean
  readonly DryRun?: boolean
  readonly RevisionId?: string
}

interface UpdateSettingsMembers extends SettingsMembers {
  readonly FunctionName: string
  readonly RevisionId?: string
}

const maxNameLength = 64

/** Functions created, shown, changed and deleted. */
export function functionRoutes(dependencies: FunctionRoutesDependencies): Handlers {
  const { lifecycle } = dependencies
  const referenceIn = ({ FunctionName, Qualifier }: QualifiedMembers): FunctionReference =>
    parseFunctionName(FunctionName, Qualifier, dependencies)
  const show = ({ record, version }: FoundVersion, qualifier?: string): Output =>
    functionConfiguration(dependencies, record.name, version, qualifier)

  return {
    async CreateFunction(members: CreateMembers) {
      const name = newName(members.FunctionName, dependencies)
      refuseUnbuilt(members)
      refuseUnbuilt(members.Code)
      if (members.PackageType === 'Image') throw codeErrors.imagesNotSupported()
      const settings = settingsInput(members, dependencies)
      const { Tags: tags = {}, Publish: publish = false } = members
      return show(await lifecycle.create({ name, settings, code: codeInput(members.Code), tags, publish }))
    },

    async GetFunction(input: QualifiedMembers, context: RequestContext) {
      const reference = referenceIn(input)
      const found = await findVersion(dependencies, reference)
      return functionOutput(dependencies, context, found, reference.qualifier)
    },

    async GetFunctionConfiguration(input: QualifiedMembers) {
      const reference = referenceIn(input)
      return show(await findVersion(dependencies, reference), reference.qualifier)
    },

    async UpdateFunctionCode(members: UpdateCodeMembers) {
      const name = parseUnqualifiedName(members.FunctionName, dependencies)
      refuseUnbuilt(members)
      const { Architectures: architectures, RevisionId: revisionId } = members
      const { Publish: publish = false, DryRun: dryRun = false } = members
      const request = { ...codeInput(members), architectures, publish, dryRun, revisionId }
      const found = await lifecycle.updateCode(name, request)
      return show(found, found.version.version === '$LATEST' ? undefined : found.version.version)
    },

    async UpdateFunctionConfiguration(members: UpdateSettingsMembers) {
      const name = parseUnqualifiedName(members.FunctionName, dependencies)
      refuseUnbuilt(members)
      const request = { settings: settingsInput(members, dependencies), revisionId: members.RevisionId }
      return show(await lifecycle.updateSettings(name, request))
    },

    async DeleteFunction(input: QualifiedMembers) {
      await lifecycle.remove(referenceIn(input))
      return {}
    },
  }
}

function functionOutput(
  dependencies: FunctionRoutesDependencies,
  { baseUrl }: RequestContext,
  { record, version }: FoundVersion,
  qualifier: string | undefined,
) {
  const { tags, reservedConcurrency } = record
  return {
    Configuration: functionConfiguration(dependencies, record.name, version, qualifier),
    Code: { Location: codeLink(dependencies, baseUrl, version.code.sha256), RepositoryType: 'S3' },
    Tags: Object.keys(tags).length === 0 ? undefined : tags,
    Concurrency: reservedConcurrency === undefined ? undefined : { ReservedConcurrentExecutions: reservedConcurrency },
  }
}

function newName(text: string, home: Home): string {
  const name = parseUnqualifiedName(text, home)
  if (name.length > maxNameLength) throw functionNameTooLong(name, maxNameLength)
  return name
}

function codeInput({ ZipFile, S3Bucket, S3Key, S3ObjectVersion, ImageUri }: CodeMembers): CodeRequest {
  if (ZipFile !== undefined) return { zip: ZipFile }
  if (ImageUri !== undefined) return { imageUri: ImageUri }
  if (S3Bucket === undefined || S3Key === undefined) return {}
  return {
    object: { bucket: S3Bucket, key: S3Key, ...(S3ObjectVersion === undefined ? {} : { version: S3ObjectVersion }) },
  }
}
