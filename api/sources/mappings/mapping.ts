/** Types of event source mappings. AWS's spelling is in `routes/`. */

/**
 * The kinds of event sources. ActiveMQ and RabbitMQ brokers cannot be distinguished without a request. Schedules and Redis
 * streams are extensions.
 */
export type SourceKind = 'sqs' | 'kinesis' | 'dynamodb' | 'msk' | 'kafka' | 'mq' | 'documentdb' | 'schedule' | 'redis'

/** The source of events: an ARN, or the addresses of a self-managed Kafka cluster. */
export interface EventSource {
  readonly kind: SourceKind
  readonly arn?: string
  /** `host:port` of Kafka's bootstrap servers. */
  readonly bootstrapServers?: readonly string[]
}

/** The settings of a mapping. Which ones a kind of source has is in `validation/source-kinds.ts`. */
export interface MappingSettings {
  /** Absent for sources without batches. */
  readonly batchSize?: number
  readonly maximumBatchingWindowSeconds?: number
  /** EventBridge patterns as JSON text. A record must match one of them; absent if every record is wanted. */
  readonly filters?: readonly string[]
  readonly kmsKeyArn?: string
  readonly startingPosition?: string
  /** Epoch milliseconds. */
  readonly startingPositionMs?: number
  readonly parallelizationFactor?: number
  readonly bisectBatchOnFunctionError?: boolean
  /** -1 means without limit, also for the age. */
  readonly maximumRetryAttempts?: number
  readonly maximumRecordAgeSeconds?: number
  readonly tumblingWindowSeconds?: number
  /** ARN of the on-failure destination, or `kafka://TOPIC` of the same cluster. */
  readonly onFailure?: string
  readonly functionResponseTypes?: readonly string[]
  readonly topics?: readonly string[]
  readonly queues?: readonly string[]
  readonly accessConfigurations?: readonly { readonly type?: string; readonly uri?: string }[]
  readonly consumerGroupId?: string
  /** As sent by the caller. */
  readonly schemaRegistry?: object
  readonly maximumConcurrency?: number
  readonly pollers?: { readonly minimum?: number; readonly maximum?: number; readonly group?: string }
  readonly documents?: { readonly database?: string; readonly collection?: string; readonly fullDocument?: string }
  readonly metrics?: readonly string[]
  readonly systemLogLevel?: string
}

/** A pending change (reference 8.1); absent when there is none. */
export type MappingTransition = 'Creating' | 'Enabling' | 'Disabling' | 'Updating'

/** One event source mapping. It outlives its function, as on AWS. */
export interface EventSourceMapping {
  readonly id: string
  readonly functionName: string
  /** As given when the mapping was created or last updated; absent for none. */
  readonly qualifier?: string
  readonly source: EventSource
  readonly settings: MappingSettings
  readonly isEnabled: boolean
  /** When it was created, or last enabled after being disabled; epoch milliseconds. */
  readonly enabledMs?: number
  /** The change that polling has not completed yet. */
  readonly transition?: MappingTransition
  /** Epoch milliseconds. */
  readonly lastModifiedMs: number
  /** The result of the last batch; absent for sources whose mappings do not show it. */
  readonly lastProcessingResult?: string
  readonly tags: Readonly<Record<string, string>>
}
