import type { RedisStreamsParts } from './redis-streams.ts'
import { SourceFault, type Source } from './source.ts'

/** What sources of all kinds have together. */
export type AllSourceParts = RedisStreamsParts

/** The source of a mapping; its code is loaded only now, so that servers without mappings do without. */
export async function openSource(parts: AllSourceParts): Promise<Source> {
  const { kind } = parts.settings
  if (kind === 'sqs') return (await import('./sqs.ts')).createSqsSource(parts)
  if (kind === 'kinesis') {
    const [{ createStreamSource }, { createKinesisStream }] = await Promise.all([
      import('./shards.ts'),
      import('./kinesis.ts'),
    ])
    return createStreamSource(createKinesisStream(parts), parts)
  }
  if (kind === 'dynamodb') {
    const [{ createStreamSource }, { createDynamoStream }] = await Promise.all([
      import('./shards.ts'),
      import('./dynamodb-stream.ts'),
    ])
    return createStreamSource(createDynamoStream(parts), parts)
  }
  if (kind === 'redis') return (await import('./redis-streams.ts')).createRedisStreamsSource(parts)
  if (kind === 'schedule') return (await import('./schedule.ts')).createScheduleSource(parts)
  if (kind === 'kafka' || kind === 'msk') return (await import('./kafka/kafka-source.ts')).createKafkaSource(parts)
  throw new SourceFault(`Events of this source (${kind}) cannot be read here.`)
}
