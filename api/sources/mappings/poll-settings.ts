import { functionArn, type Home } from '../../functions/function/arn.ts'
import type { EventSourceMapping, MappingSettings, MappingTransition, SourceKind } from './mapping.ts'

/** Where reading a stream begins if there is no checkpoint. */
export type StartingPosition = 'LATEST' | 'TRIM_HORIZON' | 'AT_TIMESTAMP'

/** The settings of polling a mapping, defaults filled in. A change restarts the polling. */
export interface PollSettings {
  readonly uuid: string
  /** As given at creation, with or without a qualifier. */
  readonly functionArn: string
  readonly kind: SourceKind
  /** Empty for a self-managed Kafka cluster. */
  readonly sourceArn: string
  /** When the mapping was enabled, epoch milliseconds. A schedule does not make up for earlier times. */
  readonly enabledMs: number
  readonly batchSize: number
  readonly batchingWindowSeconds: number
  /** Patterns; a record must match one of them. */
  readonly filters: readonly string[]
  readonly reportsItemFailures: boolean
  readonly maximumConcurrency?: number
  readonly startingPosition: StartingPosition
  readonly startingTimestampMs?: number
  readonly parallelizationFactor: number
  readonly bisectsOnError: boolean
  /** -1 means without limit, also for the age. */
  readonly maximumRetryAttempts: number
  readonly maximumRecordAgeSeconds: number
  readonly tumblingWindowSeconds: number
  /** ARN of the on-failure destination, or `kafka://TOPIC` of the same cluster. */
  readonly onFailure?: string
  readonly kafka: KafkaSettings
}

/** Settings that only Kafka sources have. */
export interface KafkaSettings {
  readonly bootstrapServers: readonly string[]
  readonly topics: readonly string[]
  readonly consumerGroupId: string
  readonly access: readonly KafkaAccess[]
  /** Whether values have to be decoded with a schema registry. */
  readonly hasSchemaRegistry: boolean
}

/** How to authenticate with a cluster: the type of authentication, and the ARN of its secret. */
export interface KafkaAccess {
  readonly type?: string
  readonly uri?: string
}

export type MappingState = MappingTransition | 'Enabled' | 'Disabled'

/** A mapping as the poller reads it. */
export interface PolledMapping {
  readonly settings: PollSettings
  readonly state: MappingState
}

/** The stored mappings, as the poller reads and updates them. */
export interface PolledMappings {
  list(): Promise<PolledMapping[]>
  find(uuid: string): Promise<PolledMapping | undefined>
  /** Completes a transition. A mapping that is in another transition by now is not changed. */
  completeTransition(uuid: string, transition: MappingTransition): Promise<void>
  /** Sets the mapping's last processing result; undefined removes it. */
  report(uuid: string, lastProcessingResult: string | undefined): Promise<void>
  /** Resets a last processing result that reports an unreachable source; other results stay. */
  recover(uuid: string): Promise<void>
}

/** The default of sources whose mappings show a batch size only if it was given. */
const defaultBatchSize = 100
/** Kafka's default batching window (reference 8.4). */
const kafkaWindowSeconds = 0.5
/** Maximum retries of a Kafka batch without a limit if there is an on-failure destination (reference 8.4). */
const maxKafkaRetries = 10

const isKafka = (kind: SourceKind) => kind === 'kafka' || kind === 'msk'

/** Settings that Kafka applies in provisioned mode only (reference 8.4). */
const errorHandling: ReadonlySet<string> = new Set([
  'bisectBatchOnFunctionError',
  'maximumRetryAttempts',
  'maximumRecordAgeSeconds',
  'functionResponseTypes',
] satisfies (keyof MappingSettings)[])

function effectiveSettings({ source, settings }: EventSourceMapping): MappingSettings {
  if (!isKafka(source.kind)) return settings
  const isApplied = ([name]: [string, unknown]) => settings.pollers !== undefined || !errorHandling.has(name)
  const applied = Object.fromEntries(Object.entries(settings).filter(isApplied)) as unknown as MappingSettings
  const { maximumRetryAttempts = -1, onFailure } = applied
  const hasEnd = maximumRetryAttempts !== -1 || onFailure === undefined
  return hasEnd ? applied : { ...applied, maximumRetryAttempts: maxKafkaRetries }
}

/** Returns the poll settings and the state of a stored mapping. */
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
    batchSize: settings.batchSize ?? defaultBatchSize,
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
