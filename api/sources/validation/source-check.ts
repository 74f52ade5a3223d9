import type { AwsServices } from '../../aws/services.ts'
import { callAws } from '../streams/stream-call.ts'
import type { OpenEntryStream } from '../redis-streams/entry-stream.ts'
import { readEntryStreamArn } from '../redis-streams/arn.ts'
import type { EventSource, SourceKind } from '../mappings/mapping.ts'
import { shownText, SourceFault } from '../polling/source.ts'
import { isConsumerArn, streamArnOf } from '../streams/consumer-arn.ts'
import { openSqsQueue, type SqsQueue } from '../sqs/queue.ts'

/** Asks for the source of a new mapping, before the mapping is made. */
export interface SourceCheck {
  /** Why a function of this timeout cannot read it, in AWS's words; nothing when it can, and when nobody can tell. */
  faultOf(source: EventSource, timeoutSeconds: number): Promise<string | undefined>
}

export interface SourceCheckParts {
  readonly services: AwsServices
  readonly openEntryStream: OpenEntryStream
  /** Sources that are not polled are not asked for. */
  readonly isReachable: (kind: SourceKind) => boolean
}

/** A service that does not answer so soon is out of reach: the mapping is made, and says so. */
const patienceMs = 5_000

/** A check that asks as the poller does, so that missing rights are found as well. */
export function createSourceCheck(parts: SourceCheckParts): SourceCheck {
  return {
    async faultOf(source, timeoutSeconds) {
      if (!parts.isReachable(source.kind)) return undefined
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
  const signal = AbortSignal.timeout(patienceMs)
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

/** AWS's words, as its users report them. */
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
