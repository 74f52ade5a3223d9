import { isFilterPattern } from '../filters/pattern.ts'
import { destinationTopic } from '../kafka/on-failure/destination-topic.ts'
import { mappingErrors, unrecordedErrors } from '../mappings/errors.ts'
import type { EventSource, EventSourceMapping, MappingSettings, SourceKind } from '../mappings/mapping.ts'
import { defaultSettings } from './source-kinds.ts'

const maxFilters = 5
/** The keys of data that filters can only match as JSON (reference 8.6). */
const jsonKeys: Readonly<Partial<Record<SourceKind, string>>> = { kinesis: 'data', dynamodb: 'dynamodb' }
const batchWithoutWindow = 10

/** Settings in a request. A member that is present and undefined removes the setting. */
export type SettingsChange = { readonly [Name in keyof MappingSettings]?: MappingSettings[Name] | undefined }

/** The settings of a new mapping, defaults filled in. Refuses settings that its source does not support (reference 8.1). */
export function newSettings(source: EventSource, given: SettingsChange, id: string): MappingSettings {
  const settings = merged(defaultSettings(source.kind), given)
  requireStart(source, settings)
  requireNames(source, settings)
  checkTarget(given)
  checkSettings(source, settings)
  const isKafka = source.kind === 'kafka' || source.kind === 'msk'
  return isKafka ? { ...settings, consumerGroupId: settings.consumerGroupId ?? id } : settings
}

/** The settings after an update. */
export function changedSettings({ source, settings }: EventSourceMapping, change: SettingsChange): MappingSettings {
  const next = merged(settings, change)
  checkTarget(change)
  checkSettings(source, next)
  return next
}

function merged(settings: MappingSettings, change: SettingsChange): MappingSettings {
  const all = Object.entries({ ...settings, ...change }).filter(([, value]) => value !== undefined)
  return Object.fromEntries(all)
}

function requireStart(
  { kind, arn = '' }: EventSource,
  { startingPosition, startingPositionMs }: MappingSettings,
): void {
  const isNeeded = kind === 'kinesis' || kind === 'dynamodb' || kind === 'documentdb' || kind === 'redis'
  if (isNeeded && startingPosition === undefined) throw mappingErrors.noStartingPosition()
  const isAtTimestamp = startingPosition === 'AT_TIMESTAMP'
  if (isAtTimestamp && kind === 'dynamodb') throw mappingErrors.startingPosition(arn)
  if (isAtTimestamp && startingPositionMs === undefined) throw unrecordedErrors.noTimestamp()
  if (!isAtTimestamp && startingPositionMs !== undefined) throw unrecordedErrors.timestampAlone()
}

function requireNames({ kind }: EventSource, { topics, queues, accessConfigurations }: MappingSettings): void {
  if (kind === 'mq' && queues === undefined) throw mappingErrors.missing('queues')
  if (kind === 'kafka' && accessConfigurations === undefined) throw mappingErrors.missing('sourceAccessConfigurations')
  if ((kind === 'kafka' || kind === 'msk') && topics === undefined) throw mappingErrors.missing('topics')
}

function checkSettings({ kind, arn = '' }: EventSource, settings: MappingSettings): void {
  const { batchSize = 1, maximumBatchingWindowSeconds = 0, filters = [], maximumRecordAgeSeconds = -1 } = settings
  if (kind === 'sqs') {
    const isLarge = batchSize > batchWithoutWindow
    const isFifo = arn.endsWith('.fifo')
    if (isFifo && maximumBatchingWindowSeconds > 0) throw mappingErrors.fifoWindow()
    if (isFifo && isLarge) throw unrecordedErrors.fifoBatch()
    if (isLarge && maximumBatchingWindowSeconds === 0) throw mappingErrors.batchWithoutWindow()
  }
  if (filters.length > maxFilters) throw unrecordedErrors.tooManyFilters(maxFilters)
  if (!filters.every((pattern) => isFilterPattern(pattern, jsonKeys[kind]))) throw mappingErrors.filterPattern()
  if (maximumRecordAgeSeconds !== -1 && maximumRecordAgeSeconds < 60) throw unrecordedErrors.recordAge()
  checkPollers(settings)
  checkDestination(kind, settings)
}

/** Checks the on-failure destination: a standard queue or topic, a bucket, or a Kafka topic (reference 8.3). */
function checkTarget({ onFailure }: SettingsChange): void {
  if (onFailure === undefined || destinationTopic(onFailure) !== undefined) return
  const [, , service = '', , , resource = ''] = onFailure.split(':')
  if (!['sqs', 'sns', 's3'].includes(service) || resource.endsWith('.fifo'))
    throw unrecordedErrors.destination(onFailure)
}

/** A Kafka topic can be the destination only of its own cluster, and not of a mapping that reads it. */
function checkDestination(kind: EventSource['kind'], { onFailure, topics = [] }: MappingSettings): void {
  const topic = destinationTopic(onFailure)
  if (topic === undefined) return
  if (kind !== 'kafka' && kind !== 'msk') throw unrecordedErrors.kafkaDestination()
  if (topics.includes(topic)) throw unrecordedErrors.destinationIsSource(topic)
}

function checkPollers({ pollers, maximumConcurrency }: MappingSettings): void {
  if (pollers === undefined) return
  if (maximumConcurrency !== undefined) throw unrecordedErrors.pollersAndConcurrency()
  if ((pollers.minimum ?? 1) > (pollers.maximum ?? Number.POSITIVE_INFINITY)) throw unrecordedErrors.pollers()
}
