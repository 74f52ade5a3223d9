import { functionArn, partitionOf, type Home } from '../../functions/function/arn.ts'
import type { Catalogue } from '../../functions/catalogue/catalogue.ts'
import { eachDocument } from '../../functions/catalogue/document-change.ts'
import type { Documents } from '../../functions/catalogue/documents.ts'
import { hasQualifier } from '../../functions/settings/event-invoke-config.ts'
import { nameErrors } from '../../functions/function/errors.ts'
import { parseFunctionName, type FunctionReference } from '../../functions/function/name.ts'
import { latestVersion } from '../../functions/function/function.ts'
import { findVersion } from '../../functions/versions/resolve.ts'
import { checkTagCount } from '../../functions/settings/tags.ts'
import { mappingErrors } from '../../sources/mappings/errors.ts'
import { firstResult } from '../../sources/mappings/processing-result.ts'
import { changedSettings, newSettings } from '../../sources/validation/settings-rules.ts'
import { createMappingStore } from '../../sources/mappings/store.ts'
import type { EventSource, EventSourceMapping, MappingTransition } from '../../sources/mappings/mapping.ts'
import type { SourceCheck } from '../../sources/validation/source-check.ts'
import type { Sources } from '../../sources/sources.ts'
import { settingsIn, settingsOutput, sourceIn, type MappingMembers } from './mapping-members.ts'
import type { Handlers, Output } from '../http/handler.ts'
import { keyBefore, pageLimit, pageOf, type PageMembers } from '../http/page.ts'

export interface EventSourceMappingDependencies extends Home {
  readonly catalogue: Pick<Catalogue, 'find' | 'findVersion'>
  readonly documents: Documents
  /** Checks new sources; absent if no source can be reached. */
  readonly sourceCheck?: SourceCheck | undefined
  /** Notified of changed mappings; absent if this server does not poll. */
  readonly sources?: Pick<Sources, 'wake'> | undefined
  readonly newId: () => string
  /** Epoch milliseconds. */
  readonly now: () => number
}

interface CreateMembers extends MappingMembers {
  readonly FunctionName: string
  readonly EventSourceArn?: string
  readonly SelfManagedEventSource?: { readonly Endpoints?: Readonly<Record<string, readonly string[]>> }
  readonly Enabled?: boolean
  readonly Tags?: Readonly<Record<string, string>>
}

interface UpdateMembers extends MappingMembers {
  readonly UUID: string
  readonly FunctionName?: string
  readonly Enabled?: boolean
}

interface ListMembers extends PageMembers {
  readonly EventSourceArn?: string
  readonly FunctionName?: string
}

const largestPage = 100

/** Event source mappings: created, shown, changed, listed and deleted. */
export function eventSourceMappingRoutes(dependencies: EventSourceMappingDependencies): Handlers {
  const { documents, sources, now } = dependencies
  const store = createMappingStore(dependencies)
  const show = (mapping: EventSourceMapping, state?: string) => mappingOutput(dependencies, mapping, state)

  return {
    async CreateEventSourceMapping(members: CreateMembers) {
      const mapping = await newMapping(dependencies, members)
      await store.create(mapping)
      sources?.wake()
      return show(mapping, mapping.isEnabled ? 'Creating' : 'Disabled')
    },

    async UpdateEventSourceMapping(members: UpdateMembers) {
      const before = await store.find(members.UUID)
      if (before === undefined) throw nameErrors.resourceNotFound()
      const target = members.FunctionName === undefined ? {} : await targetIn(dependencies, members.FunctionName)
      let state: MappingTransition = 'Updating'
      const mapping = await store.change(members.UUID, (current) => {
        const { Enabled: isEnabled = current.isEnabled } = members
        state = isEnabled === current.isEnabled ? 'Updating' : isEnabled ? 'Enabling' : 'Disabling'
        const settings = changedSettings(current, settingsIn(current.source, members))
        const transition = sources === undefined ? {} : { transition: state }
        const begun = state === 'Enabling' ? { enabledMs: now() } : {}
        return { ...withTarget(current, target), settings, isEnabled, ...begun, ...transition, lastModifiedMs: now() }
      })
      sources?.wake()
      return show(mapping, state)
    },

    async GetEventSourceMapping({ UUID: id }: { readonly UUID: string }) {
      const mapping = await store.find(id)
      if (mapping === undefined) throw nameErrors.resourceNotFound()
      return show(mapping)
    },

    async DeleteEventSourceMapping({ UUID: id }: { readonly UUID: string }) {
      const removed = await store.remove(id)
      sources?.wake()
      return show(removed, 'Deleting')
    },

    async ListEventSourceMappings(input: ListMembers) {
      const [limit, before] = [pageLimit(input, largestPage), keyBefore(input)]
      const isAsked = filterOf(input, dependencies)
      const found: EventSourceMapping[] = []
      for await (const { value } of eachDocument<EventSourceMapping>(documents, {
        kind: 'event-source-mapping',
        after: before,
      })) {
        if (isAsked(value)) found.push(value)
        if (found.length > limit) break
      }
      const { items, nextMarker } = pageOf(found, limit, ({ id }) => id)
      return { EventSourceMappings: items.map((mapping) => show(mapping)), NextMarker: nextMarker }
    },
  }
}

async function newMapping(
  dependencies: EventSourceMappingDependencies,
  members: CreateMembers,
): Promise<EventSourceMapping> {
  const { newId, now, sources } = dependencies
  const source = sourceIn(members)
  const id = newId()
  const settings = newSettings(source, settingsIn(source, members), id)
  const target = await targetIn(dependencies, members.FunctionName)
  const { Tags: tags = {}, Enabled: isEnabled = true } = members
  checkTagCount(tags)
  await checkSource(dependencies, source, target)
  const first = firstResult(source.kind)
  const result = first === undefined ? {} : { lastProcessingResult: first }
  const transition = isEnabled && sources !== undefined ? ({ transition: 'Creating' } as const) : {}
  const times = { enabledMs: now(), lastModifiedMs: now() }
  return { id, ...target, source, settings, isEnabled, ...times, ...transition, ...result, tags }
}

type Target = Pick<EventSourceMapping, 'functionName' | 'qualifier'>

/** The target function of a mapping. It must exist when the mapping is created, and may be deleted later. */
async function targetIn({ catalogue, ...home }: EventSourceMappingDependencies, text: string): Promise<Target> {
  const { name, qualifier } = parseFunctionName(text, undefined, home)
  const record = (await catalogue.find(name))?.value
  if (record === undefined || !hasQualifier(record, qualifier ?? latestVersion)) throw mappingErrors.noFunction()
  return { functionName: name, ...(qualifier === undefined ? {} : { qualifier }) }
}

function withTarget(mapping: EventSourceMapping, target: Partial<Target>): EventSourceMapping {
  if (target.functionName === undefined) return mapping
  const { qualifier: _qualifier, ...rest } = mapping
  return { ...rest, ...target, functionName: target.functionName }
}

async function checkSource(
  dependencies: EventSourceMappingDependencies,
  source: EventSource,
  { functionName: name, ...qualifier }: Target,
): Promise<void> {
  const { sourceCheck } = dependencies
  if (sourceCheck === undefined) return
  const { version } = await findVersion(dependencies, { name, ...qualifier })
  const fault = await sourceCheck.faultOf(source, version.settings.timeoutSeconds)
  if (fault !== undefined) throw mappingErrors.sourceFault(fault)
}

function filterOf({ EventSourceArn: arn, FunctionName: text }: ListMembers, home: Home) {
  const asked: FunctionReference | undefined = text === undefined ? undefined : parseFunctionName(text, undefined, home)
  return ({ source, functionName, qualifier }: EventSourceMapping): boolean =>
    (arn === undefined || source.arn === arn) &&
    (asked === undefined || (asked.name === functionName && asked.qualifier === qualifier))
}

/** If nothing polls, a change of a mapping completes at once. */
function mappingOutput(home: Home, mapping: EventSourceMapping, state?: string): Output {
  const { id, functionName, qualifier, source, settings, isEnabled, transition } = mapping
  const { lastModifiedMs, lastProcessingResult } = mapping
  const isStream = source.kind === 'kinesis' || source.kind === 'dynamodb' || source.kind === 'redis'
  return {
    UUID: id,
    EventSourceMappingArn: `arn:${partitionOf(home.region)}:lambda:${home.region}:${home.accountId}:event-source-mapping:${id}`,
    FunctionArn: functionArn(home, functionName, qualifier),
    ...settingsOutput(source, settings),
    LastModified: new Date(lastModifiedMs),
    LastProcessingResult: lastProcessingResult,
    State: state ?? transition ?? (isEnabled ? 'Enabled' : 'Disabled'),
    StateTransitionReason: isStream ? 'User action' : 'USER_INITIATED',
  }
}
