import { createActivation, type Activation, type ActivationDependencies } from './versions/activation.ts'
import { functionArn } from './function/arn.ts'
import { checkCode, requireCodeStorage, storeCode, type CheckedCode, type CodeRequest } from './code/code-source.ts'
import { checkSignature, codeSigningErrors, touchConfig } from './code/code-signing.ts'
import { checkProvider, capacityProviderErrors, touchProvider } from './capacity-providers/capacity-provider.ts'
import type { CodeUpdate, CreateRequest, SettingsRequest, SettingsUpdate } from './lifecycle-requests.ts'
import type { DeletedFunctions } from './deleted-functions.ts'
import { beginUpdate, createFunction, publishUpdate, type PublishTarget } from './versions/deployment.ts'
import type { Documents } from './catalogue/documents.ts'
import { conflicts, imageErrors, nameErrors } from './function/errors.ts'
import type { FunctionReference } from './function/name.ts'
import { isPublishedVersion, latestPublished } from './function/function.ts'
import { forgetUrls } from './function-urls/function-url.ts'
import type { FunctionRecord, FunctionSettings, FunctionVersion } from './function/function.ts'
import { checkUnzippedSize, resolveLayers, type LayerResolutionDependencies } from './layers/resolution.ts'
import { capacityErrors } from './capacity-providers/managed-instances.ts'
import { publishVersion, removeVersion, type PublishRequest, type VersionChange } from './versions/publication.ts'
import {
  changeRecord,
  requireRevision,
  requireNoUpdateInProgress,
  type RecordChange,
} from './catalogue/record-change.ts'
import type { FoundVersion } from './versions/resolve.ts'
import type { SettingsChange } from './settings/change.ts'
import { checkNetworkExists, type NetworkSource } from './settings/network.ts'
import { changedSettings, newSettings } from './settings/settings.ts'
import { checkTagCount } from './settings/tags.ts'

export interface LifecycleDependencies extends ActivationDependencies, LayerResolutionDependencies {
  /** Absent if no EC2 endpoint is set: subnets and security groups are not looked up. */
  readonly network?: NetworkSource | undefined
  readonly catalogue: ActivationDependencies['catalogue']
  readonly documents: Documents
  readonly deletedFunctions: DeletedFunctions
  /** Called for functions whose aliases, concurrency or other settings changed without a deployment. */
  readonly onChange?: (name: string) => void
}

export interface Lifecycle extends Activation {
  create(request: CreateRequest): Promise<FoundVersion>
  updateCode(name: string, request: CodeUpdate): Promise<FoundVersion>
  updateSettings(name: string, request: SettingsUpdate): Promise<FoundVersion>
  publish(name: string, request: PublishRequest): Promise<FoundVersion>
  /** Removes a version, or without a qualifier the function with all its versions and aliases; returns the removed record. */
  remove(reference: FunctionReference): Promise<FunctionRecord>
  /** Saves a change without a deployment, such as of aliases and tags. */
  change(name: string, rule: (record: FunctionRecord) => RecordChange | Promise<RecordChange>): Promise<RecordChange>
  /** The record of a name; 404 when there is none. */
  read(name: string): Promise<FunctionRecord>
}

/**
 * Creates, changes, publishes and removes functions. What it returns is durable: code is stored before the record. A
 * deployment becomes active in the background:
 *
 * 1. check    settings and package, before any change            settings/settings.ts, code/code-source.ts
 * 2. store    the package, then the record                      versions/deployment.ts, catalogue/record-change.ts
 * 3. answer   `Pending` or `InProgress`
 * 4. prepare  what environments need; then `Active`, and drain  versions/activation.ts
 */
export function createLifecycle(dependencies: LifecycleDependencies): Lifecycle {
  const context = { ...dependencies, activation: createActivation(dependencies) }
  return {
    ...context.activation,
    create: (request) => create(context, request),
    updateCode: (name, request) => updateCode(context, name, request),
    updateSettings: (name, request) => updateSettings(context, name, request),
    publish: (name, request) => publish(context, name, request),
    remove: (reference) => remove(context, reference),
    change: (name, rule) => change(context, name, rule),
    read: (name) => read(context, name),
  }
}

interface LifecycleContext extends LifecycleDependencies {
  readonly activation: Activation
}

async function create(context: LifecycleContext, request: CreateRequest): Promise<FoundVersion> {
  const { catalogue, stamp } = context
  const { name, tags, publish, creation, codeSigningConfigArn } = request
  requireSource(creation.packageType, request.code, 'creating')
  const settings = newSettings(name, await withLayers(context, request.settings), creation)
  checkTagCount(tags)
  requirePublishable(settings, publish)
  await checkNetworkExists(context.network, settings.vpc)
  await checkProvider(context, settings)
  if ((await catalogue.find(name)) !== undefined) throw conflicts.exists(name)
  await checkSignature(context, { name, ...(codeSigningConfigArn && { codeSigningConfigArn }) })
  const checked = await checkCode(context, request.code, settings.architectures)
  checkUnzippedSize(checked.code, settings.layers)
  const { code } = checked
  const change = createFunction({ name, settings, code, tags, publish, codeSigningConfigArn }, stamp)
  await withRoom(context, change)
  await storeCode(context, checked)
  await context.deletedFunctions.discard(name)
  if (!(await catalogue.save({ ...saved(change), expectedRevision: 0 }))) throw conflicts.exists(name)
  if (codeSigningConfigArn !== undefined && !(await touchConfig(context, codeSigningConfigArn))) {
    await removeFunction(context, name)
    throw codeSigningErrors.notFound(codeSigningConfigArn)
  }
  const provider = settings.capacityProvider?.arn
  if (provider !== undefined && !(await touchProvider(context, provider))) {
    await removeFunction(context, name)
    throw capacityProviderErrors.notFound(provider)
  }
  return begun(context, change)
}

async function updateCode(context: LifecycleContext, name: string, request: CodeUpdate): Promise<FoundVersion> {
  const before = await read(context, name)
  requireUpdatable(context, before, request.revisionId)
  requireSource(before.latest.settings.packageType, request, 'updating')
  requirePublishable(before.latest.settings, request.publish)
  await checkProvider(context, withArchitectures(before.latest.settings, request.architectures))
  await checkSignature(context, before)
  const checked = await checkCode(context, request, request.architectures ?? before.latest.settings.architectures)
  checkUnzippedSize(checked.code, before.latest.settings.layers)
  if (request.dryRun) return dryRun(await read(context, name), request, checked)
  await requireCodeStorage(context, checked.code.sizeBytes - before.latest.code.sizeBytes)
  const code = await storeCode(context, checked)
  const change = await changeRecord(context, name, async (current) => {
    requireUpdatable(context, current, request.revisionId)
    const settings = withArchitectures(current.latest.settings, request.architectures)
    checkUnzippedSize(code, settings.layers)
    const record = beginUpdate(current, { code, settings }, context.stamp)
    if (request.publish === undefined) return { record, described: record.latest }
    const last = await lastPublished(context, current, request.publish)
    return withRoom(context, publishUpdate(record, request.publish, last, context.stamp), current)
  })
  return begun(context, change)
}

/** The change, if its code fits: unchanged code adds nothing, and each published version counts again. */
async function withRoom(
  context: LifecycleContext,
  change: VersionChange,
  before?: FunctionRecord,
): Promise<VersionChange> {
  const { record, versions = [] } = change
  const published = versions.reduce((sum, { code }) => sum + code.sizeBytes, 0)
  const replaced = before?.latest.code.sizeBytes ?? 0
  await requireCodeStorage(context, record.latest.code.sizeBytes - replaced + published)
  return change
}

async function updateSettings(context: LifecycleContext, name: string, request: SettingsUpdate): Promise<FoundVersion> {
  requireUpdatable(context, await read(context, name), request.revisionId)
  const asked = await withLayers(context, request.settings)
  let isLookedUp = asked.vpc === undefined
  let before: FunctionRecord | undefined
  const change = await changeRecord(context, name, async (current) => {
    requireUpdatable(context, current, request.revisionId)
    const settings = changedSettings(name, current.latest.settings, asked)
    checkUnzippedSize(current.latest.code, settings.layers)
    if (asked.capacityProvider !== undefined) await checkProvider(context, settings)
    if (!isLookedUp) await checkNetworkExists(context.network, settings.vpc)
    isLookedUp = true
    before = current
    const record = beginUpdate(current, { settings }, context.stamp)
    return { record, described: record.latest }
  })
  await requireProvider(context, change, asked.capacityProvider?.arn, before)
  return begun(context, change)
}

/** Reverts an update to a capacity provider that was removed meanwhile. */
async function requireProvider(
  context: LifecycleContext,
  { record }: VersionChange,
  arn: string | undefined,
  before: FunctionRecord | undefined,
): Promise<void> {
  if (arn === undefined || before === undefined || (await touchProvider(context, arn))) return
  const { generation } = record.latest
  await changeRecord(context, record.name, (current) => ({
    record: current.latest.generation === generation ? before : current,
  }))
  throw capacityProviderErrors.notFound(arn)
}

async function publish(context: LifecycleContext, name: string, request: PublishRequest): Promise<FoundVersion> {
  const change = await changeRecord(context, name, async (current) => {
    const target = request.isToLatestPublished === true ? 'latest-published' : 'next'
    requirePublishable(current.latest.settings, target)
    requireNoUpdateInProgress(current.latest, functionArn(context, name))
    const last = await lastPublished(context, current, target)
    return withRoom(context, publishVersion(current, last, request, context.stamp), current)
  })
  return begun(context, change)
}

async function change(
  context: LifecycleContext,
  name: string,
  rule: (record: FunctionRecord) => RecordChange | Promise<RecordChange>,
): Promise<RecordChange> {
  let before: FunctionRecord | undefined
  const changed = await changeRecord(context, name, (record) => rule((before = record)))
  context.onChange?.(name)
  if (before !== undefined) await forgetRemovedUrls(context, before, changed.record)
  if (changed.record.activating !== before?.activating) context.activation.start(changed.record)
  return changed
}

async function remove(context: LifecycleContext, { name, qualifier }: FunctionReference): Promise<FunctionRecord> {
  const { catalogue, drain } = context
  if (qualifier === undefined) return removeFunction(context, name)
  const removed = isPublishedVersion(qualifier) ? await catalogue.findVersion(name, qualifier) : undefined
  const { record } = await changeRecord(context, name, (current) => removeVersion(current, qualifier))
  if (removed !== undefined) drain(name, removed)
  if (removed?.serving !== undefined) drain(name, removed.serving)
  return record
}

async function removeFunction(context: LifecycleContext, name: string): Promise<FunctionRecord> {
  for (;;) {
    const stored = await context.catalogue.find(name)
    if (stored === undefined) throw nameErrors.notFound(functionArn(context, name))
    if (!(await context.catalogue.remove(name, stored.revision))) continue
    context.drain(name)
    await forgetRemovedUrls(context, stored.value, undefined)
    await context.deletedFunctions.discardAfterRemoval(name)
    return stored.value
  }
}

/** The change is already saved; an id that could not be removed leads nowhere. */
async function forgetRemovedUrls(
  context: LifecycleContext,
  before: FunctionRecord,
  after: FunctionRecord | undefined,
): Promise<void> {
  await forgetUrls(context.documents, before, after).catch((cause: unknown) => {
    context.onFault(`The ids of removed function URLs of ${before.name} could not be removed`, cause)
  })
}

async function read(context: LifecycleContext, name: string): Promise<FunctionRecord> {
  const stored = await context.catalogue.find(name)
  if (stored === undefined) throw nameErrors.notFound(functionArn(context, name))
  return stored.value
}

async function withLayers(context: LifecycleContext, { layerArns, ...rest }: SettingsRequest): Promise<SettingsChange> {
  return layerArns === undefined ? rest : { ...rest, layers: await resolveLayers(context, layerArns) }
}

/** Code must be of the function's package type. */
function requireSource(packageType: string, { imageUri }: CodeRequest, verb: 'creating' | 'updating'): void {
  if (packageType === 'Image' && imageUri === undefined) throw imageErrors.missing(verb)
  if (packageType === 'Zip' && imageUri !== undefined) throw imageErrors.forZip(verb)
}

/** The version that a publication to the target replaces, or equals. */
async function lastPublished(
  context: LifecycleContext,
  { name, versions }: FunctionRecord,
  target: PublishTarget,
): Promise<FunctionVersion | undefined> {
  const number = target === 'next' ? versions.findLast((version) => version !== latestPublished) : latestPublished
  const last = number === undefined ? undefined : await context.catalogue.findVersion(name, number)
  if (target === 'latest-published' && last !== undefined)
    requireNoUpdateInProgress(last, functionArn(context, name, latestPublished))
  return last
}

/** `$LATEST.PUBLISHED` is for functions on capacity providers. */
function requirePublishable({ capacityProvider }: FunctionSettings, target: PublishTarget | undefined): void {
  if (target === 'latest-published' && capacityProvider === undefined) throw capacityErrors.notPublishable()
}

function requireUpdatable(
  context: LifecycleContext,
  { name, latest }: FunctionRecord,
  revisionId: string | undefined,
): void {
  requireRevision(latest, revisionId)
  requireNoUpdateInProgress(latest, functionArn(context, name))
}

/** Starts a saved deployment in the background; the caller is shown its initial state. */
function begun({ activation }: LifecycleContext, { record, described }: VersionChange): FoundVersion {
  activation.start(record)
  return { record, version: described }
}

function saved({ record, versions = [] }: VersionChange): RecordChange {
  return { record, versions }
}

function dryRun(record: FunctionRecord, { architectures }: CodeUpdate, { code }: CheckedCode): FoundVersion {
  const { latest } = record
  return { record, version: { ...latest, code, settings: withArchitectures(latest.settings, architectures) } }
}

function withArchitectures(settings: FunctionSettings, architectures: readonly string[] | undefined): FunctionSettings {
  return architectures === undefined ? settings : { ...settings, architectures }
}
