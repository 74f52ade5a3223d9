import { functionArn, type Home } from '../../functions/function/arn.ts'
import { mappingErrors } from './errors.ts'
import type { EventSourceMapping } from './mapping.ts'

/** The unique keys of a mapping: its source and function; for Kafka each bootstrap server with each topic and the function. */
export function uniqueKeysOf(
  mapping: Pick<EventSourceMapping, 'source' | 'functionName' | 'qualifier' | 'settings'>,
): string[] {
  const { source, functionName, qualifier = '', settings } = mapping
  const target = `${functionName}:${qualifier}`
  const topics = settings.topics ?? ['']
  const origins = source.arn === undefined ? (source.bootstrapServers ?? []) : [source.arn]
  const isKafka = source.kind === 'kafka' || source.kind === 'msk'
  return origins
    .flatMap((origin) => (isKafka ? topics : ['']).map((topic) => JSON.stringify([origin, topic, target])))
    .sort()
}

/** The conflict with the mapping that already has a unique key. */
export function duplicateMapping(
  home: Home,
  {
    source,
    functionName,
    qualifier,
    settings,
  }: Pick<EventSourceMapping, 'source' | 'functionName' | 'qualifier' | 'settings'>,
  takenBy: string,
): Error {
  const { kind, arn = '', bootstrapServers = [] } = source
  if (kind === 'sqs') return mappingErrors.queueTaken(arn, functionName, takenBy)
  if (kind !== 'kafka' && kind !== 'msk') return mappingErrors.streamTaken(arn, functionName, takenBy)
  const origin = arn === '' ? bootstrapServers.join(',') : arn
  return mappingErrors.kafkaTaken(origin, functionArn(home, functionName, qualifier), settings.topics ?? [], takenBy)
}
