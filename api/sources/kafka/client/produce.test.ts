import { expect, test } from '@jest/globals'
import { readBatches } from '../records/record-batch.ts'
import { crc32c } from './crc32c.ts'
import { createPartitioner, murmur2 } from './partitioner.ts'
import { batchOf, framedBatch, recordOf } from './produce.ts'

const [isAppendTime, isTransactional, isControl] = [0x08, 0x10, 0x20]

/** A batch of one record that begins at this offset. */
function oneAt(
  offset: number,
  value: string,
  more: { flags?: number; producerId?: bigint; key?: Buffer } = {},
): Buffer {
  const { key = null, ...head } = more
  const records = recordOf({ key, value }, 0, 0)
  const batch = framedBatch({ base: 1_000, newest: 2_000, count: 1, records, ...head })
  batch.writeBigInt64BE(BigInt(offset), 0)
  return batch
}
const marker = (offset: number, producerId: bigint, type: number) =>
  oneAt(offset, '', { flags: isTransactional | isControl, producerId, key: Buffer.from([0, 0, 0, type]) })
const valuesOf = async (...given: Parameters<typeof readBatches>) => {
  const { records, next } = await readBatches(...given)
  return { values: records.map(({ value }) => String(value)), next }
}

test('produced messages are read back: bytes, headers in order, and timestamps', async () => {
  const headers = [
    ['one', Buffer.from([0xff, 0])],
    ['one', Buffer.from('b')],
  ] as const
  const key = Buffer.from([0, 0xff, 0xfe])
  const batch = batchOf([{ key, value: 'é'.repeat(100), headers, timestampMs: 5_000 }, { value: null }], 4_000)
  const shape = { isAppendTime: false }
  expect(await readBatches(batch, 0n, [])).toEqual({
    records: [
      { key, value: Buffer.from('é'.repeat(100)), headers, offset: 0n, timestampMs: 5_000, ...shape },
      { key: null, value: null, headers: [], offset: 1n, timestampMs: 4_000, ...shape },
    ],
    next: 2n,
  })
})

test('a truncated batch is left for the next fetch, and records before the offset are skipped', async () => {
  const [first, second] = [batchOf([{ value: 'a' }, { value: 'b' }], 0), oneAt(2, 'c')]
  expect(await valuesOf(Buffer.concat([first, second.subarray(0, -1)]), 1n, [])).toEqual({ values: ['b'], next: 2n })
})

test('only aborted transactions of a producer are skipped', async () => {
  const of = (producerId: bigint) => ({ flags: isTransactional, producerId })
  const [abort, commit] = [0, 1]
  const batches = [
    oneAt(0, 'aborted', of(1n)),
    oneAt(1, 'of another', of(2n)),
    marker(2, 1n, abort),
    oneAt(3, 'aborted again', of(1n)),
    marker(4, 1n, abort),
    oneAt(5, 'kept', of(1n)),
    marker(6, 1n, commit),
    marker(7, 2n, commit),
    oneAt(8, 'of none'),
  ]
  const aborted = [3n, 0n].map((firstOffset) => ({ producerId: 1n, firstOffset }))
  const values = ['of another', 'kept', 'of none']
  expect(await valuesOf(Buffer.concat(batches), 0n, aborted)).toEqual({ values, next: 9n })
})

test('with LogAppendTime, the timestamp is that of the whole batch', async () => {
  const { records } = await readBatches(oneAt(0, 'a', { flags: isAppendTime }), 0n, [])
  expect(records[0]).toMatchObject({ timestampMs: 2_000, isAppendTime: true })
})

test('records of Kafka before 0.11 and damaged ones are rejected', async () => {
  const [old, damaged] = [oneAt(0, 'a'), oneAt(0, 'a')]
  old.writeInt8(1, 16)
  damaged.writeInt32BE(9, 57)
  await expect(readBatches(old, 0n, [])).rejects.toThrow('in the format of Kafka before 0.11')
  await expect(readBatches(damaged, 0n, [])).rejects.toThrow('out of range')
})

test('checksums and hashes equal those of other clients', () => {
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283)
  const hashes = { '21': -973_932_308, foobar: -790_332_482, 'a-little-bit-long-string': -985_981_536 }
  for (const [key, hash] of Object.entries(hashes)) expect(murmur2(Buffer.from(key))).toBe(hash)
})

test('messages with the same key go to one partition, and messages without a key to all', () => {
  const partitionOf = createPartitioner()
  expect(new Set([1, 2, 3].map(() => partitionOf('key', 3))).size).toBe(1)
  expect(new Set([1, 2, 3].map(() => partitionOf(null, 3))).size).toBe(3)
})
