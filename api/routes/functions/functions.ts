import type { Home } from '../../functions/function/arn.ts'
import type { Catalogue } from '../../functions/catalogue/catalogue.ts'
import { functionNameTooLong } from '../../functions/function/errors.ts'
import { parseFunctionName, parseUnqualifiedName, type FunctionReference } from '../../functions/function/name.ts'
import type { Lifecycle } from '../../functions/lifecycle.ts'
import type { ObjectSource } from '../../functions/code/object-source.ts'
import { findVersion, type FoundVersion } from '../../functions/versions/resolve.ts'
import { isManaged, latestVersion, type FunctionCode } from '../../functions/function/function.ts'
import type { CreationSettings } from '../../functions/settings/settings.ts'
import { codeInput, resolvedObject, type CodeMembers } from '../packages/code-input.ts'
import { codeLink, type CodeLinkKey } from '../packages/code-link.ts'
import { functionConfiguration } from './function-configuration.ts'
import type { Handlers, Output, RequestContext } from '../http/handler.ts'
import {
  publishTarget,
  refuseUnbuilt,
  settingsInput,
  type PublishMembers,
  type SettingsMembers,
} from './settings-input.ts'

export interface FunctionRoutesDependencies extends Home, CodeLinkKey {
  /** Absent when no S3 endpoint is configured. */
  readonly objects?: Pick<ObjectSource, 'refusal'> | undefined
  readonly catalogue: Catalogue
  readonly lifecycle: Lifecycle
}

/** Members of the operations that take a function and a version or alias of it. */
export interface QualifiedMembers {
  readonly FunctionName: string
  readonly Qualifier?: string
}

interface CreateMembers extends SettingsMembers, PublishMembers {
  readonly FunctionName: string
  readonly PackageType?: 'Zip' | 'Image'
  readonly Code: CodeMembers
  readonly CodeSigningConfigArn?: string
  readonly TenancyConfig?: { readonly TenantIsolationMode: string }
  readonly Tags?: Readonly<Record<string, string>>
}

interface UpdateCodeMembers extends CodeMembers, PublishMembers {
  readonly FunctionName: string
  readonly Architectures?: readonly string[]
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
      const { Tags: tags = {}, CodeSigningConfigArn: codeSigningConfigArn } = members
      const publish = publishTarget(members)
      const settings = settingsInput(members)
      const code = codeInput(members.Code)
      const creation = creationInput(members)
      return show(await lifecycle.create({ name, settings, creation, code, tags, publish, codeSigningConfigArn }))
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
      const { DryRun: dryRun = false } = members
      const request = { ...codeInput(members), architectures, publish: publishTarget(members), dryRun, revisionId }
      const found = await lifecycle.updateCode(name, request)
      return show(found, found.version.version === latestVersion ? undefined : found.version.version)
    },

    async UpdateFunctionConfiguration(members: UpdateSettingsMembers) {
      const name = parseUnqualifiedName(members.FunctionName, dependencies)
      refuseUnbuilt(members)
      const request = { settings: settingsInput(members), revisionId: members.RevisionId }
      return show(await lifecycle.updateSettings(name, request))
    },

    async DeleteFunction(input: QualifiedMembers) {
      const removed = await lifecycle.remove(referenceIn(input))
      return isManaged(removed) ? { StatusCode: 202 } : {}
    },
  }
}

async function functionOutput(
  dependencies: FunctionRoutesDependencies,
  { baseUrl }: RequestContext,
  { record, version }: FoundVersion,
  qualifier: string | undefined,
) {
  const { tags } = record
  // AWS shows the reservation of a function only without a qualifier.
  const reservedConcurrency = qualifier === undefined ? record.reservedConcurrency : undefined
  return {
    Configuration: functionConfiguration(dependencies, record.name, version, qualifier),
    Code: await codeOutput(dependencies, baseUrl, version.code),
    Tags: Object.keys(tags).length === 0 ? undefined : tags,
    Concurrency: reservedConcurrency === undefined ? undefined : { ReservedConcurrentExecutions: reservedConcurrency },
  }
}

function newName(text: string, home: Home): string {
  const name = parseUnqualifiedName(text, home)
  if (name.length > maxNameLength) throw functionNameTooLong(name, maxNameLength)
  return name
}

function creationInput({ PackageType: packageType = 'Zip', TenancyConfig }: CreateMembers): CreationSettings {
  return { packageType, tenantIsolation: TenancyConfig?.TenantIsolationMode }
}

/** The download link of a version's code, and the object that it refers to, with what S3 says against reading that. */
async function codeOutput(
  dependencies: FunctionRoutesDependencies,
  baseUrl: string,
  { sha256, image, object, sourceKmsKeyArn }: FunctionCode,
): Promise<Output> {
  if (image !== undefined) return { ImageUri: image.uri, ResolvedImageUri: image.resolvedUri, RepositoryType: 'ECR' }
  const location = { Location: codeLink(dependencies, baseUrl, sha256) }
  const facts = { RepositoryType: 'S3', SourceKMSKeyArn: sourceKmsKeyArn }
  if (object === undefined) return { ...location, ...facts }
  const refusal = await dependencies.objects?.refusal(object)
  return {
    ...(refusal === undefined ? location : { Error: { ErrorCode: refusal.code, Message: refusal.message } }),
    ...facts,
    ResolvedS3Object: resolvedObject(object),
  }
}
