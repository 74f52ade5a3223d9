import { functionArn, type Home } from '../../functions/function/arn.ts'
import type { EventSourceMapping, MappingSettings, MappingTransition, SourceKind } from './mapping.ts'

/** Where reading of a stream without a checkpoint begins. */
export type StartingPosition = 'LATEST' | 'TRIM_HORIZON' | 'AT_TIMESTAMP'

/** What polling does for a mapping, defaults filled in; a change of it begins the polling anew. */
export interface PollSettings {
  readonly uuid: string
  /** As given at creation: with a qualifier, or without. */
  readonly functionArn: string
  readonly kind: SourceKind
  /** The empty text for a Kafka cluster of one's own. */
  readonly sourceArn: string
  /** When the mapping was enabled: what was due before it is not made up for. Epoch milliseconds. */
  readonly enabledMs: number
  readonly batchSize: number
  readonly batchingWindowSeconds: number
  /** Patterns, of which one must fit. */
  readonly filters: readonly string[]
  readonly reportsItemFailures: boolean
  readonly maximumConcurrency?: number
  readonly startingPosition: StartingPosition
  readonly startingTimestampMs?: number
  readonly parallelizationFactor: number
  readonly bisectsOnError: boolean
  /** -1 has no end; so has the age. */
  readonly maximumRetryAttempts: number
  readonly maximumRecordAgeSeconds: number
  readonly tumblingWindowSeconds: number
  /** ARN of who is told of records given up, or `kafka://TOPIC` of the same cluster. */
  readonly onFailure?: string
  readonly kafka: KafkaSettings
}

/** What reading Kafka topics needs beyond the rest. */
export interface KafkaSettings {
  readonly bootstrapServers: readonly string[]
  readonly topics: readonly string[]
  readonly consumerGroupId: string
  readonly access: readonly KafkaAccess[]
  /** Values are to be decoded by a schema registry. */
  readonly hasSchemaRegistry: boolean
}

/** How a cluster is entered: a kind of authentication, and the ARN of the secret for it. */
export interface KafkaAccess {
  readonly type?: string
  readonly uri?: string
}

export type MappingState = MappingTransition | 'Enabled' | 'Disabled'

/** A mapping as the poller sees it. */
export interface PolledMapping {
  readonly settings: PollSettings
  readonly state: MappingState
}

/** The mappings as they are kept; what the poller changes of them is told here. */
export interface PolledMappings {
  list(): Promise<PolledMapping[]>
  /** Polling has caught up with the transition; a mapping that is in another one by now is left alone. */
  completeTransition(uuid: string, transition: MappingTransition): Promise<void>
  /** Shows what became of the last batch or poll; nothing removes it. */
  report(uuid: string, lastProcessingResult: string | undefined): Promise<void>
  /** Shows what a new mapping shows where it was said that its source cannot be polled; leaves other results. */
  recover(uuid: string): Promise<void>
}

/** Of sources whose mappings show no batch size that was not given. */
const unsaidBatchSize = 100
/** How long batches of Kafka are gathered unless the mapping says (reference 8.4). */
const kafkaWindowSeconds = 0.5
/** How often a batch of Kafka is tried again at most when there is somebody to tell (reference 8.4). */
const kafkaRetriesBeforeTelling = 10

const isKafka = (kind: SourceKind) => kind === 'kafka' || kind === 'msk'

/** What Kafka heeds in provisioned mode alone (reference 8.4). */
const errorHandling: ReadonlySet<string> = new Set([
  'bisectBatchOnFunctionError',
  'maximumRetryAttempts',
  'maximumRecordAgeSeconds',
  'functionResponseTypes',
] satisfies (keyof MappingSettings)[])

function effectiveSettings({ source, settings }: EventSourceMapping): MappingSettings {
  if (!isKafka(source.kind)) return settings
  const isHeeded = ([name]: [string, unknown]) => settings.pollers !== undefined || !errorHandling.has(name)
  const heeded = Object.fromEntries(Object.entries(settings).filter(isHeeded)) as unknown as MappingSettings
  const { maximumRetryAttempts = -1, onFailure } = heeded
  const hasEnd = maximumRetryAttempts !== -1 || onFailure === undefined
  return hasEnd ? heeded : { ...heeded, maximumRetryAttempts: kafkaRetriesBeforeTelling }
}

/** What is polled for a mapping that is kept. */
export function polledMapping(mapping: EventSourceMapping, home: Home): PolledMapping {
  const { id, functionName, qualifier, source, isEnabled, transition, enabledMs = 0 } = mapping
  const settings = effectiveSettings(mapping)
  const { maximumConcurrency, startingPositionMs, onFailure } = settings
  const polled: PollSettings = {
    uuid: id,
    functionArn: functionArn(home, functionName, qualifier),
    kind: source.kind,
    sourceArn: source.arn ?? '',
    enabledMs,
    batchSize: settings.batchSize ?? unsaidBatchSize,
    batchingWindowSeconds: settings.maximumBatchingWindowSeconds ?? (isKafka(source.kind) ? kafkaWindowSeconds : 0),
    filters: settings.filters ?? [],
    reportsItemFailures: settings.functionResponseTypes?.includes('ReportBatchItemFailures') ?? false,
    startingPosition: (settings.startingPosition ?? 'TRIM_HORIZON') as StartingPosition,
    parallelizationFactor: settings.parallelizationFactor ?? 1,
    bisectsOnError: settings.bisectBatchOnFunctionError ?? false,
    maximumRetryAttempts: settings.maximumRetryAttempts ?? -1,
    maximumRecordAgeSeconds: settings.maximumRecordAgeSeconds ?? -1,
    tumblingWindowSeconds: settings.tumblingWindowSeconds ?? 0,
    ...(maximumConcurrency === undefined ? {} : { maximumConcurrency }),
    ...(startingPositionMs === undefined ? {} : { startingTimestampMs: startingPositionMs }),
    ...(onFailure === undefined ? {} : { onFailure }),
    kafka: {
      bootstrapServers: source.bootstrapServers ?? [],
      topics: settings.topics ?? [],
      consumerGroupId: settings.consumerGroupId ?? id,
      access: settings.accessConfigurations ?? [],
      hasSchemaRegistry: settings.schemaRegistry !== undefined,
    },
  }
  return { settings: polled, state: transition ?? (isEnabled ? 'Enabled' : 'Disabled') }
}
