/** What an event source mapping is, in our words; AWS's spelling is in `routes/`. */

/** The services that events are read from. ActiveMQ and RabbitMQ brokers look alike until one is asked. Schedules and Redis streams are ours. */
export type SourceKind = 'sqs' | 'kinesis' | 'dynamodb' | 'msk' | 'kafka' | 'mq' | 'documentdb' | 'schedule' | 'redis'

/** Where events come from: an ARN, or the addresses of a Kafka cluster of one's own. */
export interface EventSource {
  readonly kind: SourceKind
  readonly arn?: string
  /** `host:port` of Kafka's bootstrap servers. */
  readonly bootstrapServers?: readonly string[]
}

/** How a mapping reads and hands over; which members a kind of source has is in `validation/source-kinds.ts`. */
export interface MappingSettings {
  /** Absent where records come one by one. */
  readonly batchSize?: number
  readonly maximumBatchingWindowSeconds?: number
  /** EventBridge patterns as JSON text, one of which a record must match; absent when every record is wanted. */
  readonly filters?: readonly string[]
  readonly kmsKeyArn?: string
  readonly startingPosition?: string
  /** Epoch milliseconds. */
  readonly startingPositionMs?: number
  readonly parallelizationFactor?: number
  readonly bisectBatchOnFunctionError?: boolean
  /** -1 is for ever, also for the age. */
  readonly maximumRetryAttempts?: number
  readonly maximumRecordAgeSeconds?: number
  readonly tumblingWindowSeconds?: number
  /** ARN of who is told of batches that failed for good, or `kafka://TOPIC` of the same cluster. */
  readonly onFailure?: string
  readonly functionResponseTypes?: readonly string[]
  readonly topics?: readonly string[]
  readonly queues?: readonly string[]
  readonly accessConfigurations?: readonly { readonly type?: string; readonly uri?: string }[]
  readonly consumerGroupId?: string
  /** As the caller sent it. */
  readonly schemaRegistry?: object
  readonly maximumConcurrency?: number
  readonly pollers?: { readonly minimum?: number; readonly maximum?: number; readonly group?: string }
  readonly documents?: { readonly database?: string; readonly collection?: string; readonly fullDocument?: string }
  readonly metrics?: readonly string[]
  readonly systemLogLevel?: string
}

/** A change on its way (reference 8.1); a mapping without one is at rest. */
export type MappingTransition = 'Creating' | 'Enabling' | 'Disabling' | 'Updating'

/** One event source mapping. It outlives its function, as on AWS. */
export interface EventSourceMapping {
  readonly id: string
  readonly functionName: string
  /** As given at its creation or last change; absent for none. */
  readonly qualifier?: string
  readonly source: EventSource
  readonly settings: MappingSettings
  readonly isEnabled: boolean
  /** When it was made, or last enabled after it was not; epoch milliseconds. */
  readonly enabledMs?: number
  /** What polling has not caught up with yet. */
  readonly transition?: MappingTransition
  /** Epoch milliseconds. */
  readonly lastModifiedMs: number
  /** What came of the newest batch; absent for sources whose mappings do not show it. */
  readonly lastProcessingResult?: string
  readonly tags: Readonly<Record<string, string>>
}
