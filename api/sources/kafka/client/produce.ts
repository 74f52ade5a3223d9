import type { Api, Cluster } from './cluster.ts'
import { crc32c } from './crc32c.ts'
import type { TopicPartition } from '../records/partition.ts'

/** A message to produce. */
export interface OutgoingMessage {
  readonly key?: Buffer | string | null
  readonly value: Buffer | string | null
  readonly headers?: readonly (readonly [name: string, value: Buffer])[]
  readonly timestampMs?: number
}

export interface OutgoingBatch extends TopicPartition {
  readonly batch: Buffer
}

const [allReplicas, timeoutMs] = [-1, 30_000]

/** Produce in the version that all brokers since 0.11 support. The library's own implementation takes keys and values as text. */
const produceApi: Api<OutgoingBatch, number> = {
  apiKey: 0,
  apiVersion: 3,
  requestHeaderVersion: 1,
  responseHeaderVersion: 0,
  request: (encoder, { topic, partition, batch }) =>
    encoder
      .writeString(null)
      .writeInt16(allReplicas)
      .writeInt32(timeoutMs)
      .writeArray([topic], (topics) =>
        topics.writeString(topic).writeArray([partition], (each) => each.writeInt32(partition).writeBytes(batch)),
      ),
  response(decoder) {
    const codes = decoder.readArray((topic) => {
      topic.readString()
      return topic.readArray((each) => {
        each.readInt32()
        const errorCode = each.readInt16()
        each.readInt64()
        each.readInt64()
        return errorCode
      })
    })
    decoder.readInt32()
    return codes.flat().find((code) => code !== 0) ?? 0
  },
}

/** Produces a batch to a partition that the broker leads. Resolves when all in-sync replicas have it; rejects when that is unknown. */
export async function produce(cluster: Cluster, node: number, batch: OutgoingBatch): Promise<void> {
  const errorCode = await cluster.askNode(node, produceApi, batch, 'once')
  if (errorCode === 0) return
  throw Object.assign(new Error(`${batch.topic} answered ${errorCode} to what was sent.`), { errorCode })
}

/** Encodes messages as a record batch in message format 2. */
export function batchOf(messages: readonly OutgoingMessage[], nowMs: number): Buffer {
  const times = messages.map(({ timestampMs = nowMs }) => timestampMs)
  const base = times[0] ?? nowMs
  const records = messages.map((message, index) => recordOf(message, index, (times[index] ?? base) - base))
  return framedBatch({ base, newest: Math.max(...times), count: messages.length, records: Buffer.concat(records) })
}

interface BatchParts {
  readonly base: number
  readonly newest: number
  readonly count: number
  readonly records: Buffer
  /** The number of the compression codec; 0 for none. */
  readonly codec?: number
  readonly flags?: number
  readonly producerId?: bigint
}

/** Adds the batch header to encoded records. */
export function framedBatch(parts: BatchParts): Buffer {
  const { base, newest, count, records, codec = 0, flags = 0, producerId = -1n } = parts
  const head = Buffer.alloc(40)
  head.writeInt16BE(codec | flags, 0)
  head.writeInt32BE(count - 1, 2)
  head.writeBigInt64BE(BigInt(base), 6)
  head.writeBigInt64BE(BigInt(newest), 14)
  head.writeBigInt64BE(producerId, 22)
  head.fill(0xff, 30, 36) // no epoch, no sequence
  head.writeInt32BE(count, 36)
  const checked = Buffer.concat([head, records])
  const frame = Buffer.alloc(21)
  frame.writeInt32BE(checked.length + 9, 8)
  frame.writeInt32BE(-1, 12)
  frame.writeInt8(2, 16)
  frame.writeUInt32BE(crc32c(checked), 17)
  return Buffer.concat([frame, checked])
}

/** Encodes one record of a batch. */
export function recordOf(
  { key = null, value, headers = [] }: OutgoingMessage,
  index: number,
  sinceBaseMs: number,
): Buffer {
  const parts = [
    Buffer.alloc(1),
    varint(sinceBaseMs),
    varint(index),
    bytesOf(key),
    bytesOf(value),
    varint(headers.length),
    ...headers.flatMap(([name, content]) => [bytesOf(name), bytesOf(content)]),
  ]
  const record = Buffer.concat(parts)
  return Buffer.concat([varint(record.length), record])
}

function bytesOf(content: Buffer | string | null): Buffer {
  if (content === null) return varint(-1)
  const bytes = Buffer.from(content)
  return Buffer.concat([varint(bytes.length), bytes])
}

/** Encodes a zigzag varint: the sign is the lowest bit, seven bits per byte. */
function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value < 0 ? -value * 2 - 1 : value * 2
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80)
  return Buffer.from([...bytes, rest])
}
