import type { EventSource, MappingSettings, SourceKind } from '../mappings/mapping.ts'
import { mappingErrors } from '../mappings/errors.ts'
import { readEntryStreamArn } from '../redis-streams/arn.ts'
import { readScheduleArn } from '../schedules/arn.ts'
import { parseSchedule } from '../schedules/expression.ts'

type Setting = keyof MappingSettings

/** The defaults of a kind of source, and the settings that it supports (reference 8.1). */
interface SourceRules {
  readonly defaults: MappingSettings
  readonly takes: ReadonlySet<Setting>
}

const streamDefaults: MappingSettings = {
  batchSize: 100,
  maximumBatchingWindowSeconds: 0,
  functionResponseTypes: [],
  bisectBatchOnFunctionError: false,
  parallelizationFactor: 1,
  maximumRetryAttempts: -1,
  maximumRecordAgeSeconds: -1,
  tumblingWindowSeconds: 0,
}
const unfiltered: readonly Setting[] = ['batchSize', 'maximumBatchingWindowSeconds', 'kmsKeyArn', 'metrics']
const common: readonly Setting[] = [...unfiltered, 'filters']
const ofStreams: readonly Setting[] = [
  ...common,
  ...(Object.keys(streamDefaults) as Setting[]),
  ...(['startingPosition', 'startingPositionMs', 'onFailure'] as const),
]
const ofKafka: readonly Setting[] = [
  ...common,
  ...(['startingPosition', 'startingPositionMs', 'onFailure', 'topics', 'accessConfigurations', 'pollers'] as const),
  ...(['consumerGroupId', 'schemaRegistry', 'systemLogLevel', 'functionResponseTypes'] as const),
  ...(['bisectBatchOnFunctionError', 'maximumRetryAttempts', 'maximumRecordAgeSeconds'] as const),
]

const stream: SourceRules = { defaults: streamDefaults, takes: new Set(ofStreams) }
const kafka: SourceRules = {
  defaults: { batchSize: 100, startingPosition: 'TRIM_HORIZON' },
  takes: new Set(ofKafka),
}

const redisDefaults: MappingSettings = {
  maximumBatchingWindowSeconds: 0,
  functionResponseTypes: [],
  bisectBatchOnFunctionError: false,
  maximumRetryAttempts: -1,
  maximumRecordAgeSeconds: -1,
}
const ofRedis: readonly Setting[] = [
  ...(Object.keys(redisDefaults) as Setting[]),
  ...(['filters', 'kmsKeyArn', 'startingPosition', 'startingPositionMs', 'onFailure'] as const),
]

const rules: Readonly<Record<SourceKind, SourceRules>> = {
  sqs: {
    defaults: { batchSize: 10, maximumBatchingWindowSeconds: 0, functionResponseTypes: [] },
    takes: new Set([...common, 'functionResponseTypes', 'maximumConcurrency', 'pollers']),
  },
  kinesis: stream,
  dynamodb: stream,
  msk: kafka,
  kafka,
  mq: { defaults: { batchSize: 100 }, takes: new Set([...common, 'queues', 'accessConfigurations']) },
  documentdb: {
    defaults: { batchSize: 100 },
    takes: new Set([...unfiltered, 'startingPosition', 'startingPositionMs', 'accessConfigurations', 'documents']),
  },
  // Terraform plans to remove a default that it does not know. It knows none for our kinds of source, so the batch size is
  // shown only if it was given.
  // is shown only when it was given.
  redis: { defaults: redisDefaults, takes: new Set([...ofRedis, 'batchSize']) },
  // Retries and destinations of ticks are settings of the function, as for all asynchronous events.
  schedule: { defaults: {}, takes: new Set() },
}

/** The default settings of a mapping of this kind of source. */
export function defaultSettings(kind: SourceKind): MappingSettings {
  return rules[kind].defaults
}

/** The first setting that this kind of source does not support. */
export function foreignSetting(kind: SourceKind, given: Partial<MappingSettings>): Setting | undefined {
  const names = Object.keys(given) as Setting[]
  return names.find((name) => given[name] !== undefined && !rules[kind].takes.has(name))
}

const kindsOfServices: Readonly<Record<string, SourceKind>> = {
  sqs: 'sqs',
  kinesis: 'kinesis',
  dynamodb: 'dynamodb',
  kafka: 'msk',
  mq: 'mq',
  rds: 'documentdb',
  events: 'schedule',
  elasticache: 'redis',
}

/** The resources of a service that emit events; a table does so through its stream. */
const streamResources: Partial<Record<SourceKind, RegExp>> = {
  kinesis: /^stream\/./,
  dynamodb: /^table\/[^/]+\/stream\/./,
}

/** The event source with this ARN; throws if nothing can be read from it. */
export function sourceOf(arn: string): EventSource {
  const [, , service = '', , , ...resource] = arn.split(':')
  const kind = Object.hasOwn(kindsOfServices, service) ? kindsOfServices[service] : undefined
  if (kind === undefined || streamResources[kind]?.test(resource.join(':')) === false)
    throw mappingErrors.unrecognizedSource()
  if (kind === 'schedule') requireSchedule(arn)
  if (kind === 'redis' && readEntryStreamArn(arn) === undefined) throw mappingErrors.unrecognizedSource()
  return { kind, arn }
}

function requireSchedule(arn: string): void {
  const schedule = readScheduleArn(arn)
  if (schedule === undefined) throw mappingErrors.unrecognizedSource()
  if (parseSchedule(schedule.expression, 0) === undefined) throw mappingErrors.scheduleExpression()
}
