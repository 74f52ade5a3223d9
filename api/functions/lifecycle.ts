import { createActivation, type Activation, type ActivationDependencies } from './versions/activation.ts'
import { functionArn } from './function/arn.ts'
import { checkCode, storeCode, type CheckedCode, type CodeRequest } from './code/code-source.ts'
import { checkSignature, codeSigningErrors, touchConfig } from './code/code-signing.ts'
import { checkProvider, capacityProviderErrors, touchProvider } from './capacity-providers/capacity-provider.ts'
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
import { changedSettings, newSettings, type CreationSettings } from './settings/settings.ts'
import { checkTagCount } from './settings/tags.ts'

export interface LifecycleDependencies extends ActivationDependencies, LayerResolutionDependencies {
  readonly catalogue: ActivationDependencies['catalogue']
  readonly documents: Documents
  /** Called for functions whose aliases, concurrency or other settings changed without a deployment. */
  readonly onChange?: (name: string) => void
}

/** Requested settings, with the layers' ARNs only. */
export interface SettingsRequest extends Omit<SettingsChange, 'layers'> {
  readonly layerArns?: readonly string[] | undefined
}

export interface CreateRequest {
  readonly name: string
  readonly settings: SettingsRequest
  readonly creation: CreationSettings
  readonly codeSigningConfigArn?: string | undefined
  readonly code: CodeRequest
  readonly tags: Readonly<Record<string, string>>
  readonly publish?: PublishTarget | undefined
}

export interface CodeUpdate extends CodeRequest {
  readonly architectures?: readonly string[] | undefined
  readonly publish?: PublishTarget | undefined
  readonly dryRun: boolean
  readonly revisionId?: string | undefined
}

export interface SettingsUpdate {
  readonly settings: SettingsRequest
  readonly revisionId?: string | undefined
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
  const world = { ...dependencies, activation: createActivation(dependencies) }
  return {
    ...world.activation,
    create: (request) => create(world, request),
    updateCode: (name, request) => updateCode(world, name, request),
    updateSettings: (name, request) => updateSettings(world, name, request),
    publish: (name, request) => publish(world, name, request),
    remove: (reference) => remove(world, reference),
    change: (name, rule) => change(world, name, rule),
    read: (name) => read(world, name),
  }
}

interface World extends LifecycleDependencies {
  readonly activation: Activation
}

async function create(world: World, request: CreateRequest): Promise<FoundVersion> {
  const { catalogue, stamp } = world
  const { name, tags, publish, creation, codeSigningConfigArn } = request
  requireSource(creation.packageType, request.code, 'creating')
  const settings = newSettings(name, await withLayers(world, request.settings), creation)
  checkTagCount(tags)
  requirePublishable(settings, publish)
  await checkProvider(world, settings)
  if ((await catalogue.find(name)) !== undefined) throw conflicts.exists(name)
  await checkSignature(world, { name, ...(codeSigningConfigArn && { codeSigningConfigArn }) })
  const checked = await checkCode(world, request.code, settings.architectures)
  checkUnzippedSize(checked.code, settings.layers)
  const code = await storeCode(world, checked)
  const change = createFunction({ name, settings, code, tags, publish, codeSigningConfigArn }, stamp)
  if (!(await catalogue.save({ ...saved(change), expectedRevision: 0 }))) throw conflicts.exists(name)
  if (codeSigningConfigArn !== undefined && !(await touchConfig(world, codeSigningConfigArn))) {
    await removeFunction(world, name)
    throw codeSigningErrors.notFound(codeSigningConfigArn)
  }
  const provider = settings.capacityProvider?.arn
  if (provider !== undefined && !(await touchProvider(world, provider))) {
    await removeFunction(world, name)
    throw capacityProviderErrors.notFound(provider)
  }
  return begun(world, change)
}

async function updateCode(world: World, name: string, request: CodeUpdate): Promise<FoundVersion> {
  const before = await read(world, name)
  requireUpdatable(world, before, request.revisionId)
  requireSource(before.latest.settings.packageType, request, 'updating')
  requirePublishable(before.latest.settings, request.publish)
  await checkProvider(world, withArchitectures(before.latest.settings, request.architectures))
  await checkSignature(world, before)
  const checked = await checkCode(world, request, request.architectures ?? before.latest.settings.architectures)
  checkUnzippedSize(checked.code, before.latest.settings.layers)
  if (request.dryRun) return dryRun(await read(world, name), request, checked)
  const code = await storeCode(world, checked)
  const change = await changeRecord(world, name, async (current) => {
    requireUpdatable(world, current, request.revisionId)
    const settings = withArchitectures(current.latest.settings, request.architectures)
    checkUnzippedSize(code, settings.layers)
    const record = beginUpdate(current, { code, settings }, world.stamp)
    if (request.publish === undefined) return { record, described: record.latest }
    return publishUpdate(record, request.publish, await lastPublished(world, current, request.publish), world.stamp)
  })
  return begun(world, change)
}

async function updateSettings(world: World, name: string, request: SettingsUpdate): Promise<FoundVersion> {
  requireUpdatable(world, await read(world, name), request.revisionId)
  const asked = await withLayers(world, request.settings)
  let before: FunctionRecord | undefined
  const change = await changeRecord(world, name, async (current) => {
    requireUpdatable(world, current, request.revisionId)
    const settings = changedSettings(name, current.latest.settings, asked)
    checkUnzippedSize(current.latest.code, settings.layers)
    if (asked.capacityProvider !== undefined) await checkProvider(world, settings)
    before = current
    const record = beginUpdate(current, { settings }, world.stamp)
    return { record, described: record.latest }
  })
  await requireProvider(world, change, asked.capacityProvider?.arn, before)
  return begun(world, change)
}

/** Reverts an update to a capacity provider that was removed meanwhile. */
async function requireProvider(
  world: World,
  { record }: VersionChange,
  arn: string | undefined,
  before: FunctionRecord | undefined,
): Promise<void> {
  if (arn === undefined || before === undefined || (await touchProvider(world, arn))) return
  const { generation } = record.latest
  await changeRecord(world, record.name, (current) => ({
    record: current.latest.generation === generation ? before : current,
  }))
  throw capacityProviderErrors.notFound(arn)
}

async function publish(world: World, name: string, request: PublishRequest): Promise<FoundVersion> {
  const change = await changeRecord(world, name, async (current) => {
    const target = request.isToLatestPublished === true ? 'latest-published' : 'next'
    requirePublishable(current.latest.settings, target)
    requireNoUpdateInProgress(current.latest, functionArn(world, name))
    return publishVersion(current, await lastPublished(world, current, target), request, world.stamp)
  })
  return begun(world, change)
}

async function change(
  world: World,
  name: string,
  rule: (record: FunctionRecord) => RecordChange | Promise<RecordChange>,
): Promise<RecordChange> {
  let before: FunctionRecord | undefined
  const changed = await changeRecord(world, name, (record) => rule((before = record)))
  world.onChange?.(name)
  if (before !== undefined) await forgetRemovedUrls(world, before, changed.record)
  if (changed.record.activating !== before?.activating) world.activation.start(changed.record)
  return changed
}

async function remove(world: World, { name, qualifier }: FunctionReference): Promise<FunctionRecord> {
  const { catalogue, drain } = world
  if (qualifier === undefined) return removeFunction(world, name)
  const removed = isPublishedVersion(qualifier) ? await catalogue.findVersion(name, qualifier) : undefined
  const { record } = await changeRecord(world, name, (current) => removeVersion(current, qualifier))
  if (removed !== undefined) drain(name, removed)
  if (removed?.serving !== undefined) drain(name, removed.serving)
  return record
}

async function removeFunction(world: World, name: string): Promise<FunctionRecord> {
  for (;;) {
    const stored = await world.catalogue.find(name)
    if (stored === undefined) throw nameErrors.notFound(functionArn(world, name))
    if (!(await world.catalogue.remove(name, stored.revision))) continue
    world.drain(name)
    await forgetRemovedUrls(world, stored.value, undefined)
    return stored.value
  }
}

/** The change is already saved; an id that could not be removed leads nowhere. */
async function forgetRemovedUrls(
  world: World,
  before: FunctionRecord,
  after: FunctionRecord | undefined,
): Promise<void> {
  await forgetUrls(world.documents, before, after).catch((cause: unknown) => {
    world.onFault(`The ids of removed function URLs of ${before.name} could not be removed`, cause)
  })
}

async function read(world: World, name: string): Promise<FunctionRecord> {
  const stored = await world.catalogue.find(name)
  if (stored === undefined) throw nameErrors.notFound(functionArn(world, name))
  return stored.value
}

async function withLayers(world: World, { layerArns, ...rest }: SettingsRequest): Promise<SettingsChange> {
  return layerArns === undefined ? rest : { ...rest, layers: await resolveLayers(world, layerArns) }
}

/** Code must be of the function's package type. */
function requireSource(packageType: string, { imageUri }: CodeRequest, verb: 'creating' | 'updating'): void {
  if (packageType === 'Image' && imageUri === undefined) throw imageErrors.missing(verb)
  if (packageType === 'Zip' && imageUri !== undefined) throw imageErrors.forZip(verb)
}

/** The version that a publication to the target replaces, or equals. */
async function lastPublished(
  world: World,
  { name, versions }: FunctionRecord,
  target: PublishTarget,
): Promise<FunctionVersion | undefined> {
  const number = target === 'next' ? versions.findLast((version) => version !== latestPublished) : latestPublished
  const last = number === undefined ? undefined : await world.catalogue.findVersion(name, number)
  if (target === 'latest-published' && last !== undefined)
    requireNoUpdateInProgress(last, functionArn(world, name, latestPublished))
  return last
}

/** `$LATEST.PUBLISHED` is for functions on capacity providers. */
function requirePublishable({ capacityProvider }: FunctionSettings, target: PublishTarget | undefined): void {
  if (target === 'latest-published' && capacityProvider === undefined) throw capacityErrors.notPublishable()
}

function requireUpdatable(world: World, { name, latest }: FunctionRecord, revisionId: string | undefined): void {
  requireRevision(latest, revisionId)
  requireNoUpdateInProgress(latest, functionArn(world, name))
}

/** Starts a saved deployment in the background; the caller is shown its initial state. */
function begun({ activation }: World, { record, described }: VersionChange): FoundVersion {
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
