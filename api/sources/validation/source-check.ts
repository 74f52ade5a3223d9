import type { MissingEndpoint } from '../../aws/endpoint.ts'
import type { AwsServices } from '../../aws/services.ts'
import { callAws } from '../streams/stream-call.ts'
import type { OpenEntryStream } from '../redis-streams/entry-stream.ts'
import { readEntryStreamArn } from '../redis-streams/arn.ts'
import type { EventSource, SourceKind } from '../mappings/mapping.ts'
import { shownText, SourceFault } from '../polling/source.ts'
import { isConsumerArn, streamArnOf } from '../streams/consumer-arn.ts'
import { openSqsQueue, type SqsQueue } from '../sqs/queue.ts'

/** Checks the source of a new mapping before the mapping is created. */
export interface SourceCheck {
  /** Why a function with this timeout cannot read the source, in AWS's words; undefined if it can, or if that is unknown. */
  faultOf(source: EventSource, timeoutSeconds: number): Promise<string | undefined>
}

export interface SourceCheckParts {
  readonly services: AwsServices
  readonly openEntryStream: OpenEntryStream
  /** Sources that are not polled, because their service has no endpoint, are not checked. */
  readonly missingEndpoint: (kind: SourceKind) => MissingEndpoint | undefined
}

/** A service that does not respond in time is unreachable: the mapping is created, and reports it. */
const timeoutMs = 5_000

/** Creates a check that sends the poller's requests, so that missing permissions are found. */
export function createSourceCheck(parts: SourceCheckParts): SourceCheck {
  return {
    async faultOf(source, timeoutSeconds) {
      if (parts.missingEndpoint(source.kind) !== undefined) return undefined
      try {
        await look(source, timeoutSeconds, parts)
        return undefined
      } catch (error) {
        return shownText(error)
      }
    },
  }
}

async function look(
  { kind, arn = '' }: EventSource,
  timeoutSeconds: number,
  { services, openEntryStream }: SourceCheckParts,
): Promise<void> {
  const signal = AbortSignal.timeout(timeoutMs)
  if (kind === 'sqs') await lookAtQueue(await openSqsQueue(arn, services, signal), timeoutSeconds, signal)
  if (kind === 'kinesis') {
    const call = (action: string, input: object) =>
      callAws(services, { service: kind, arn, target: `Kinesis_20131202.${action}`, input, signal })
    if (isConsumerArn(arn)) await call('DescribeStreamConsumer', { ConsumerARN: arn })
    await call('ListShards', { StreamARN: streamArnOf(arn), MaxResults: 1 })
  }
  if (kind === 'dynamodb') {
    const target = 'DynamoDBStreams_20120810.DescribeStream'
    await callAws(services, { service: kind, arn, target, input: { StreamArn: arn, Limit: 1 }, signal })
  }
  if (kind === 'redis') await lookForStream(arn, openEntryStream)
}

/** AWS's text, as reported by its users. */
async function lookAtQueue(queue: SqsQueue, timeoutSeconds: number, signal: AbortSignal): Promise<void> {
  const hiddenSeconds = await queue.visibilitySeconds(signal)
  if (hiddenSeconds >= timeoutSeconds) return
  const [hidden, timeout] = [String(hiddenSeconds), String(timeoutSeconds)]
  throw new SourceFault(`Queue visibility timeout: ${hidden} seconds is less than Function timeout: ${timeout} seconds`)
}

async function lookForStream(arn: string, openEntryStream: OpenEntryStream): Promise<void> {
  const { server = '', key = '' } = readEntryStreamArn(arn) ?? {}
  const stream = await openEntryStream(server, key, 'kubelambda')
  try {
    if ((await stream?.isStream()) !== true) throw new SourceFault(`Stream not found: ${arn}`)
  } finally {
    stream?.close()
  }
}
