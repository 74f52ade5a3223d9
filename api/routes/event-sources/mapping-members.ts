import { mappingErrors, unrecordedErrors } from '../../sources/mappings/errors.ts'
import type { SettingsChange } from '../../sources/validation/settings-rules.ts'
import type { EventSource, MappingSettings } from '../../sources/mappings/mapping.ts'
import { foreignSetting, sourceOf } from '../../sources/validation/source-kinds.ts'
import type { Output } from '../http/handler.ts'

/** Settings in CreateEventSourceMapping and UpdateEventSourceMapping, validated against the model. */
export interface MappingMembers {
  readonly BatchSize?: number
  readonly MaximumBatchingWindowInSeconds?: number
  readonly FilterCriteria?: { readonly Filters?: readonly { readonly Pattern?: string }[] }
  readonly KMSKeyArn?: string
  readonly StartingPosition?: string
  readonly StartingPositionTimestamp?: Date
  readonly ParallelizationFactor?: number
  readonly BisectBatchOnFunctionError?: boolean
  readonly MaximumRetryAttempts?: number
  readonly MaximumRecordAgeInSeconds?: number
  readonly TumblingWindowInSeconds?: number
  readonly DestinationConfig?: {
    readonly OnSuccess?: { readonly Destination?: string }
    readonly OnFailure?: { readonly Destination?: string }
  }
  readonly FunctionResponseTypes?: readonly string[]
  readonly Topics?: readonly string[]
  readonly Queues?: readonly string[]
  readonly SourceAccessConfigurations?: readonly { readonly Type?: string; readonly URI?: string }[]
  readonly AmazonManagedKafkaEventSourceConfig?: KafkaMembers
  readonly SelfManagedKafkaEventSourceConfig?: KafkaMembers
  readonly ScalingConfig?: { readonly MaximumConcurrency?: number }
  readonly ProvisionedPollerConfig?: {
    readonly MinimumPollers?: number
    readonly MaximumPollers?: number
    readonly PollerGroupName?: string
  }
  readonly DocumentDBEventSourceConfig?: {
    readonly DatabaseName?: string
    readonly CollectionName?: string
    readonly FullDocument?: string
  }
  readonly MetricsConfig?: { readonly Metrics?: readonly string[] }
  readonly LoggingConfig?: { readonly SystemLogLevel?: string }
}

interface KafkaMembers {
  readonly ConsumerGroupId?: string
  readonly SchemaRegistryConfig?: object
}

/** Settings whose members have another shape or name. */
const printedNames: Partial<Record<keyof MappingSettings, string>> = {
  accessConfigurations: 'SourceAccessConfigurations',
  consumerGroupId: 'KafkaEventSourceConfig',
  documents: 'DocumentDBEventSourceConfig',
  filters: 'FilterCriteria',
  functionResponseTypes: 'FunctionResponseTypes',
  maximumBatchingWindowSeconds: 'MaximumBatchingWindowInSeconds',
  maximumConcurrency: 'ScalingConfig',
  maximumRecordAgeSeconds: 'MaximumRecordAgeInSeconds',
  metrics: 'MetricsConfig',
  onFailure: 'DestinationConfig',
  pollers: 'ProvisionedPollerConfig',
  schemaRegistry: 'KafkaEventSourceConfig',
  startingPositionMs: 'StartingPositionTimestamp',
  systemLogLevel: 'LoggingConfig',
  tumblingWindowSeconds: 'TumblingWindowInSeconds',
}

/** The settings in a request. Throws for those that the kind of source does not support. */
export function settingsIn(source: EventSource, members: MappingMembers): SettingsChange {
  const change = { ...plainSettings(members), ...nestedSettings(source, members) }
  const foreign = foreignSetting(source.kind, change as Partial<MappingSettings>)
  if (foreign !== undefined) throw mappingErrors.unsupported(printedNames[foreign] ?? capital(foreign))
  // An empty one removes the setting, and is refused like any other if the source does not support it.
  if (members.DestinationConfig !== undefined && foreignSetting(source.kind, { onFailure: '' }) !== undefined) {
    throw mappingErrors.unsupported('DestinationConfig')
  }
  return change
}

function plainSettings(members: MappingMembers): SettingsChange {
  return given({
    batchSize: members.BatchSize,
    maximumBatchingWindowSeconds: members.MaximumBatchingWindowInSeconds,
    startingPosition: members.StartingPosition,
    startingPositionMs: members.StartingPositionTimestamp?.getTime(),
    parallelizationFactor: members.ParallelizationFactor,
    bisectBatchOnFunctionError: members.BisectBatchOnFunctionError,
    maximumRetryAttempts: members.MaximumRetryAttempts,
    maximumRecordAgeSeconds: members.MaximumRecordAgeInSeconds,
    tumblingWindowSeconds: members.TumblingWindowInSeconds,
    functionResponseTypes: members.FunctionResponseTypes,
    topics: members.Topics,
    queues: members.Queues,
    accessConfigurations: members.SourceAccessConfigurations?.map(({ Type: type, URI: uri }) => given({ type, uri })),
  })
}

/** Settings that are structures; an empty one removes the setting. */
function nestedSettings({ kind }: EventSource, members: MappingMembers): SettingsChange {
  const { FilterCriteria, KMSKeyArn, DestinationConfig, ScalingConfig, MetricsConfig, LoggingConfig } = members
  const { ProvisionedPollerConfig: pollers, DocumentDBEventSourceConfig: documents } = members
  const kafka =
    kind === 'kafka' ? members.SelfManagedKafkaEventSourceConfig : members.AmazonManagedKafkaEventSourceConfig
  const filters = FilterCriteria?.Filters?.map(({ Pattern = '' }) => Pattern)
  return {
    ...(FilterCriteria === undefined ? {} : { filters: filters?.length === 0 ? undefined : filters }),
    ...(KMSKeyArn === undefined ? {} : { kmsKeyArn: KMSKeyArn === '' ? undefined : KMSKeyArn }),
    ...(DestinationConfig === undefined ? {} : { onFailure: DestinationConfig.OnFailure?.Destination || undefined }),
    ...(ScalingConfig === undefined ? {} : { maximumConcurrency: ScalingConfig.MaximumConcurrency }),
    ...(MetricsConfig === undefined ? {} : { metrics: MetricsConfig.Metrics }),
    ...(LoggingConfig === undefined ? {} : { systemLogLevel: LoggingConfig.SystemLogLevel }),
    ...(pollers && {
      pollers: someOf({
        minimum: pollers.MinimumPollers,
        maximum: pollers.MaximumPollers,
        group: pollers.PollerGroupName,
      }),
    }),
    ...(documents && {
      documents: someOf({
        database: documents.DatabaseName,
        collection: documents.CollectionName,
        fullDocument: documents.FullDocument ?? 'Default',
      }),
    }),
    ...given({ consumerGroupId: kafka?.ConsumerGroupId, schemaRegistry: kafka?.SchemaRegistryConfig }),
  }
}

/** The source of a new mapping. */
export function sourceIn(members: {
  readonly EventSourceArn?: string
  readonly SelfManagedEventSource?: { readonly Endpoints?: Readonly<Record<string, readonly string[]>> }
}): EventSource {
  const bootstrapServers = members.SelfManagedEventSource?.Endpoints?.['KAFKA_BOOTSTRAP_SERVERS']
  if (members.EventSourceArn !== undefined) {
    if (bootstrapServers !== undefined) throw unrecordedErrors.twoSources()
    return sourceOf(members.EventSourceArn)
  }
  if (bootstrapServers === undefined) throw mappingErrors.unrecognizedSource()
  return { kind: 'kafka', bootstrapServers }
}

/** A mapping's source and settings as AWS shows them. */
export function settingsOutput({ kind, arn, bootstrapServers }: EventSource, settings: MappingSettings): Output {
  const { filters, startingPositionMs, onFailure, maximumConcurrency, pollers, documents, metrics, systemLogLevel } =
    settings
  const isStream = kind === 'kinesis' || kind === 'dynamodb' || kind === 'redis'
  return {
    EventSourceArn: arn,
    SelfManagedEventSource: bootstrapServers && { Endpoints: { KAFKA_BOOTSTRAP_SERVERS: bootstrapServers } },
    BatchSize: settings.batchSize,
    MaximumBatchingWindowInSeconds: settings.maximumBatchingWindowSeconds,
    FilterCriteria: filters && { Filters: filters.map((Pattern) => ({ Pattern })) },
    KMSKeyArn: settings.kmsKeyArn,
    StartingPosition: settings.startingPosition,
    StartingPositionTimestamp: startingPositionMs === undefined ? undefined : new Date(startingPositionMs),
    ParallelizationFactor: settings.parallelizationFactor,
    BisectBatchOnFunctionError: settings.bisectBatchOnFunctionError,
    MaximumRetryAttempts: settings.maximumRetryAttempts,
    MaximumRecordAgeInSeconds: settings.maximumRecordAgeSeconds,
    TumblingWindowInSeconds: settings.tumblingWindowSeconds,
    DestinationConfig: onFailure === undefined ? (isStream ? { OnFailure: {} } : undefined) : destination(onFailure),
    FunctionResponseTypes: settings.functionResponseTypes,
    Topics: settings.topics,
    Queues: settings.queues,
    SourceAccessConfigurations: settings.accessConfigurations?.map(({ type, uri }) => ({ Type: type, URI: uri })),
    ...kafkaOutput(kind, settings),
    ScalingConfig: maximumConcurrency === undefined ? undefined : { MaximumConcurrency: maximumConcurrency },
    ProvisionedPollerConfig: pollers && {
      MinimumPollers: pollers.minimum,
      MaximumPollers: pollers.maximum,
      PollerGroupName: pollers.group,
    },
    DocumentDBEventSourceConfig: documents && {
      DatabaseName: documents.database,
      CollectionName: documents.collection,
      FullDocument: documents.fullDocument,
    },
    MetricsConfig: metrics && { Metrics: metrics },
    LoggingConfig: systemLogLevel === undefined ? undefined : { SystemLogLevel: systemLogLevel },
  }
}

function kafkaOutput(kind: EventSource['kind'], { consumerGroupId, schemaRegistry }: MappingSettings): Output {
  const config = { ConsumerGroupId: consumerGroupId, SchemaRegistryConfig: schemaRegistry }
  if (kind === 'kafka') return { SelfManagedKafkaEventSourceConfig: config }
  return kind === 'msk' ? { AmazonManagedKafkaEventSourceConfig: config } : {}
}

function destination(arn: string): Output {
  return { OnFailure: { Destination: arn } }
}

function given<Members extends object>(members: Members) {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as {
    [Name in keyof Members]?: Exclude<Members[Name], undefined>
  }
}

function someOf<Members extends object>(members: Members) {
  const some = given(members)
  return Object.keys(some).length === 0 ? undefined : some
}

function capital(name: string): string {
  return `${name.charAt(0).toUpperCase()}${name.slice(1)}`
}
