import { beforeEach, describe, expect, test } from '@jest/globals'
import { fakeDocuments } from '../../functions/catalogue/documents.fake.ts'
import { AwsRefusal, type AwsServices } from '../../aws/services.ts'
import { createCheckpoints, type Checkpoints } from '../polling/checkpoints.ts'
import { openSource } from '../open-source.ts'
import type { PollSettings } from '../mappings/poll-settings.ts'
import { eventually } from '../testing/eventually.ts'
import { fakeFunction, sourceParts, unusedServices, type Answer } from '../testing/samples.ts'

interface StreamEvent {
  Records: { dynamodb?: { SequenceNumber: string }; kinesis?: { sequenceNumber: string } }[]
}

/** A stream of either service with numbered records, those below `oldest` expired. */
interface PlayedStream {
  shards: Record<string, number[]>
  closed: string[]
  oldest: number
  createdAt: string
  /** Refuses positions that are not of the stream, as Kinesis does. */
  refusesForeign: boolean
}

const numberOf = ({ dynamodb, kinesis }: StreamEvent['Records'][number]) =>
  Number(dynamodb?.SequenceNumber ?? kinesis?.sequenceNumber)

const refuse = (code: string, message: string) => {
  throw new AwsRefusal(code, message, 400)
}

/** The service that has the stream. */
function servicesOf(stream: PlayedStream): AwsServices {
  const trimmed = () =>
    refuse('TrimmedDataAccessException', 'The operation attempted to read past the oldest stream record in a shard.')
  const recordsOf = (shard: string) => {
    const { [shard]: numbers } = stream.shards
    return numbers ?? refuse('ResourceNotFoundException', `Shard ${shard} does not exist.`)
  }
  const listed = () =>
    Object.keys(stream.shards).map((id) => ({
      ShardId: id,
      SequenceNumberRange: stream.closed.includes(id) ? { EndingSequenceNumber: '9' } : {},
    }))
  const actions: Record<string, (input: Record<string, string>) => object> = {
    DescribeStream: () => ({ StreamDescription: { Shards: listed() } }),
    ListShards: () => ({ Shards: listed() }),
    DescribeStreamSummary: () => ({ StreamDescriptionSummary: { StreamCreationTimestamp: stream.createdAt } }),
    GetShardIterator({ ShardId = '', ShardIteratorType, SequenceNumber, StartingSequenceNumber }) {
      const numbers = recordsOf(ShardId)
      if (ShardIteratorType === 'TRIM_HORIZON') return { ShardIterator: `${ShardId} ${stream.oldest - 1}` }
      const after = Number(SequenceNumber ?? StartingSequenceNumber)
      const text = `StartingSequenceNumber ${after} used in GetShardIterator is invalid because it did not come from this stream.`
      if (stream.refusesForeign && !numbers.includes(after)) refuse('InvalidArgumentException', text)
      if (after < stream.oldest) trimmed()
      return { ShardIterator: `${ShardId} ${after}` }
    },
    GetRecords({ ShardIterator = '' }) {
      const [shard = '', after] = ShardIterator.split(' ')
      if (Number(after) + 1 < stream.oldest) trimmed()
      const numbers = recordsOf(shard).filter((number) => number > Number(after) && number >= stream.oldest)
      const isEnd = stream.closed.includes(shard)
      const Records = numbers.map((number) => ({
        ...{
          eventID: String(number),
          eventName: 'INSERT',
          SequenceNumber: String(number),
          Data: '',
          PartitionKey: 'k',
        },
        dynamodb: { Keys: { id: { S: 'a' } }, SequenceNumber: String(number), ApproximateCreationDateTime: 0 },
        ApproximateArrivalTimestamp: 0,
      }))
      return { Records, ...(isEnd ? {} : { NextShardIterator: `${shard} ${numbers.at(-1) ?? after}` }) }
    },
  }
  return {
    ...unusedServices,
    call: async (call) => {
      const { target = '', input } = call as { target?: string; input?: Record<string, string> }
      return actions[target.split('.').at(-1) ?? '']?.(input ?? {})
    },
  }
}

describe('a mapping whose stream no longer has what follows its checkpoint', () => {
  let stream: PlayedStream
  let checkpoints: Checkpoints
  let seen: number[]
  let losses: string[]
  let respond: () => Answer | Promise<Answer>
  beforeEach(() => {
    stream = { shards: { a: [1, 2, 3] }, closed: [], oldest: 1, createdAt: '1', refusesForeign: false }
    checkpoints = createCheckpoints(fakeDocuments(), 'uuid')
    seen = []
    losses = []
    respond = () => ({})
  })

  const arns = {
    dynamodb: 'arn:aws:dynamodb:us-east-1:123456789012:table/t/stream/2026-01-01T00:00:00.000',
    kinesis: 'arn:aws:kinesis:us-east-1:123456789012:stream/s',
  }
  /** Polls all parts until the condition holds. */
  const readUntil = async (
    isDone: () => boolean | Promise<boolean>,
    kind: keyof typeof arns = 'dynamodb',
    settings: Partial<PollSettings> = {},
  ) => {
    const run = fakeFunction((event: StreamEvent) => {
      seen.push(...event.Records.map(numberOf))
      return respond()
    })
    const lost = (part: string, reason: string) => void losses.push(`${part}: ${reason}`)
    const all = { kind, sourceArn: arns[kind], ...settings }
    const source = await openSource(sourceParts(servicesOf(stream), all, run, { checkpoints, lost }))
    const ending = new AbortController()
    const polls = (await source.parts()).map((part) => source.poll(part, { name: part, fence: 1 }, ending.signal))
    await eventually(isDone, 5_000)
    ending.abort()
    await Promise.all(polls)
    return source
  }
  const reached = async (number: number) => (await checkpoints.find('a'))?.sequenceNumber === String(number)

  test('reads on at the oldest record, and says so', async () => {
    await readUntil(() => reached(3))
    stream.shards['a'] = [6000, 6001]
    stream.oldest = 6000
    await readUntil(() => reached(6001))
    expect(seen).toEqual([1, 2, 3, 6000, 6001])
    expect(losses).toEqual([
      'a: the stream no longer has what follows sequence number 3 (Error occurred while GetShardIterator. ' +
        'Error Code: TrimmedDataAccessException. Error Message: The operation attempted to read past the oldest ' +
        'stream record in a shard.). Reading continues at the oldest record.',
    ])
  })

  test('of Kinesis reads on at the oldest record when the position is of another stream', async () => {
    await readUntil(() => reached(3), 'kinesis')
    stream.shards['a'] = [70, 71]
    stream.refusesForeign = true
    await readUntil(() => reached(71), 'kinesis')
    expect(seen).toEqual([1, 2, 3, 70, 71])
    expect(losses).toEqual([expect.stringContaining('did not come from this stream')])
  })

  test('that expires while batches run first runs what was read before', async () => {
    const release = Promise.withResolvers<Answer>()
    respond = () => release.promise
    await readUntil(
      async () => {
        if (seen.length === 1) {
          stream.shards['a'] = [6000]
          stream.oldest = 6000
          release.resolve({})
        }
        return reached(6000)
      },
      'dynamodb',
      { batchSize: 1 },
    )
    expect(seen).toEqual([1, 2, 3, 6000])
    expect(losses).toHaveLength(1)
  })

  test('loses nothing when it had no checkpoint', async () => {
    stream.oldest = 3
    await readUntil(() => reached(3))
    expect([seen, losses]).toEqual([[3], []])
  })

  test('says once that a shard is gone which it had not read to its end, and reads the others', async () => {
    await readUntil(() => reached(3))
    stream.shards = { b: [7] }
    const readB = async () => (await checkpoints.find('b'))?.sequenceNumber === '7'
    await readUntil(readB)
    await readUntil(readB)
    expect(seen).toEqual([1, 2, 3, 7])
    expect(losses).toEqual(['a: the stream no longer has the shard, which was not read to its end.'])
  })

  test('stops reading a shard that goes while it is read', async () => {
    const release = Promise.withResolvers<Answer>()
    respond = () => release.promise
    const source = await readUntil(async () => {
      if (seen.length === 3) {
        stream.shards = { b: [7] }
        release.resolve({})
      }
      return reached(3)
    })
    await expect(source.poll('a', { name: 'a', fence: 1 }, new AbortController().signal)).resolves.toBeUndefined()
    expect(await source.parts()).toEqual(['b'])
    expect(losses).toEqual([expect.stringContaining('no longer has the shard')])
  })

  test('of Kinesis reads a stream that was created again from its oldest record, also shards that had ended', async () => {
    stream.closed = ['a']
    await readUntil(async () => (await checkpoints.find('a'))?.isEnded === true, 'kinesis')
    stream = { ...stream, shards: { a: [1, 2] }, closed: [], createdAt: '2' }
    await readUntil(() => reached(2), 'kinesis', { startingPosition: 'LATEST' })
    await readUntil(() => true, 'kinesis')
    expect(seen).toEqual([1, 2, 3, 1, 2])
    expect(losses).toEqual([
      `${arns.kinesis}: the stream was deleted and created again. Reading continues at its oldest record.`,
    ])
  })
})
