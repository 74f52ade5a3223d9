import { SourceFault } from '../../polling/source.ts'
import { decompress } from './compression.ts'
import { createRecordReader, type RecordReader } from './record-reader.ts'
import type { KafkaRecord } from './kafka-record.ts'

/** From where a producer's records of a transaction belong to none. */
export interface AbortedTransaction {
  readonly producerId: bigint
  readonly firstOffset: bigint
}

/** The header of a record batch (message format 2), and the positions of its fields. */
interface Batch {
  readonly baseOffset: bigint
  readonly lastOffset: bigint
  readonly attributes: number
  readonly baseTimestampMs: number
  readonly maxTimestampMs: number
  readonly producerId: bigint
  readonly count: number
  readonly records: Buffer
}

/** Offset and length, which all message formats begin with. */
const frameBytes = 12
const headBytes = 61
const attributes = { codec: 0x07, isAppendTime: 0x08, isTransactional: 0x10, isControl: 0x20 }
const abortMarker = 0

/**
 * Reads the fetched batches from an offset: returns their records, without those of aborted transactions, and the next offset.
 * Skips a truncated batch at the end, which the next fetch returns as a whole.
 */
export async function readBatches(
  bytes: Buffer,
  from: bigint,
  abortedTransactions: readonly AbortedTransaction[],
): Promise<{ readonly records: KafkaRecord[]; readonly next: bigint }> {
  const isAborted = createAbortedFilter(abortedTransactions)
  const records: KafkaRecord[] = []
  let next = from
  for (const batch of batchesIn(bytes)) {
    if (batch.lastOffset >= next) next = batch.lastOffset + 1n
    if ((await isAborted(batch)) || (batch.attributes & attributes.isControl) !== 0) continue
    for (const record of await recordsOf(batch)) if (record.offset >= from) records.push(record)
  }
  return { records, next }
}

function* batchesIn(bytes: Buffer): Generator<Batch> {
  for (let at = 0; at + frameBytes <= bytes.length;) {
    const end = at + frameBytes + bytes.readInt32BE(at + 8)
    if (end > bytes.length) return
    yield batchOf(bytes.subarray(at, end))
    at = end
  }
}

function batchOf(bytes: Buffer): Batch {
  if (bytes.readInt8(16) < 2)
    throw new SourceFault('Records that are stored in the format of Kafka before 0.11 cannot be read.')
  const baseOffset = bytes.readBigInt64BE(0)
  return {
    baseOffset,
    attributes: bytes.readInt16BE(21),
    lastOffset: baseOffset + BigInt(bytes.readInt32BE(23)),
    baseTimestampMs: Number(bytes.readBigInt64BE(27)),
    maxTimestampMs: Number(bytes.readBigInt64BE(35)),
    producerId: bytes.readBigInt64BE(43),
    count: bytes.readInt32BE(57),
    records: bytes.subarray(headBytes),
  }
}

async function recordsOf(batch: Batch): Promise<KafkaRecord[]> {
  const reader = createRecordReader(await decompress(batch.records, batch.attributes & attributes.codec))
  return Array.from({ length: batch.count }, () => recordOf(batch, reader))
}

function recordOf({ baseOffset, baseTimestampMs, maxTimestampMs, attributes: flags }: Batch, reader: RecordReader) {
  const isAppendTime = (flags & attributes.isAppendTime) !== 0
  reader.readVarint() // the length
  reader.skip(1)
  const [sinceBaseMs, sinceOffset] = [reader.readVarint(), reader.readVarint()]
  const [key, value] = [reader.readBytes(), reader.readBytes()]
  const headers = Array.from(
    { length: reader.readVarint() },
    () => [reader.readBytes()?.toString() ?? '', reader.readBytes()] as const,
  )
  const timestampMs = isAppendTime ? maxTimestampMs : baseTimestampMs + sinceBaseMs
  return { key, value, headers, offset: baseOffset + BigInt(sinceOffset), timestampMs, isAppendTime }
}

/** Tracks aborted transactions over batches in order: a producer's batches are aborted from a transaction's first to its marker. */
function createAbortedFilter(transactions: readonly AbortedTransaction[]): (batch: Batch) => Promise<boolean> {
  const coming = transactions.toSorted((one, other) => Number(one.firstOffset - other.firstOffset))
  const producers = new Set<bigint>()
  return async (batch) => {
    for (let first = coming[0]; first !== undefined && first.firstOffset <= batch.lastOffset; first = coming[0]) {
      producers.add(first.producerId)
      coming.shift()
    }
    if ((batch.attributes & attributes.isTransactional) === 0) return false
    if ((batch.attributes & attributes.isControl) === 0) return producers.has(batch.producerId)
    const [marker] = await recordsOf(batch)
    if (marker?.key?.readInt16BE(2) === abortMarker) producers.delete(batch.producerId)
    return true
  }
}
