import type { RedisStreamsParts } from './redis-streams/source.ts'
import { SourceFault, type Source } from './polling/source.ts'

/** The dependencies of sources of all kinds. */
export type AllSourceParts = RedisStreamsParts

/** Opens the source of a mapping. Its code is loaded on demand, so that servers without mappings do not load it. */
export async function openSource(parts: AllSourceParts): Promise<Source> {
  const { kind } = parts.settings
  if (kind === 'sqs') return (await import('./sqs/source.ts')).createSqsSource(parts)
  if (kind === 'kinesis') {
    const [{ createStreamSource }, { createKinesisStream }] = await Promise.all([
      import('./streams/source.ts'),
      import('./streams/kinesis.ts'),
    ])
    return createStreamSource(createKinesisStream(parts), parts)
  }
  if (kind === 'dynamodb') {
    const [{ createStreamSource }, { createDynamoStream }] = await Promise.all([
      import('./streams/source.ts'),
      import('./streams/dynamodb.ts'),
    ])
    return createStreamSource(createDynamoStream(parts), parts)
  }
  if (kind === 'redis') return (await import('./redis-streams/source.ts')).createRedisStreamsSource(parts)
  if (kind === 'schedule') return (await import('./schedules/source.ts')).createScheduleSource(parts)
  if (kind === 'kafka' || kind === 'msk') return (await import('./kafka/source.ts')).createKafkaSource(parts)
  throw new SourceFault(`Events of this source (${kind}) cannot be read here.`)
}
