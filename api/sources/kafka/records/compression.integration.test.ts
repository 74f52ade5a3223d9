import { gzipSync, zstdCompressSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { eventually } from '../../testing/eventually.ts'
import { codecs } from './compression.ts'
import { framedBatch } from '../client/produce.ts'
import { describeWithKafka, startMockCluster, type MockCluster } from '../testing/mock-cluster.ts'
import { testTogether } from '../testing/test-together.ts'
import { createKafkaTestbed, type KafkaTestbed } from '../testing/kafka-testbed.ts'

const limitMs = 60_000
const text = 'text text text text text text'

/** `text` as Google's library compresses it: its length, a literal of five bytes, and a copy of the rest. */
const snappy = Buffer.from([29, (5 - 1) << 2, ...Buffer.from('text '), ((24 - 1) << 2) | 2, 5, 0])
/** The same in a frame of one block: flags, a block of five literals and a copy of 19, and the five literals that end it. */
const lz4Block = Buffer.from([0x5f, ...Buffer.from('text '), 5, 0, 0, 0x50, ...Buffer.from(' text')])
const lz4Start = Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82])
const lz4 = Buffer.concat([lz4Start, Buffer.from([lz4Block.length, 0, 0, 0]), lz4Block, Buffer.alloc(4)])
/** As Java's clients write it: a magic, two versions, and blocks with their lengths. */
const blocks = [snappy, snappy].flatMap((block) => [0, 0, 0, block.length, ...block])
const javaSnappy = Buffer.from([0x82, ...Buffer.from('SNAPPY'), 0, 0, 0, 0, 1, 0, 0, 0, 1, ...blocks])

test.each([
  ['gzip', gzipSync(text), text],
  ['zstd', zstdCompressSync(text), text],
  ['snappy', snappy, text],
  ['snappy', javaSnappy, text + text],
  ['lz4', lz4, text],
] as const)('what is compressed with %s is decompressed', async (name, compressed, expected) => {
  expect((await codecs[name].decompress(compressed)).toString()).toBe(expected)
})

test.each(['gzip', 'zstd', 'snappy', 'lz4'] as const)('bytes that are not %s are refused', async (name) => {
  await expect(codecs[name].decompress(Buffer.alloc(40, 0xff))).rejects.toThrow(
    `Records that are compressed with ${name} cannot be decompressed.`,
  )
})

test('LZ4 with checksums of blocks is decompressed without looking at them', async () => {
  const withChecksums = Buffer.concat([lz4.subarray(0, -4), Buffer.from([1, 2, 3, 4]), Buffer.alloc(4)])
  withChecksums[lz4Start.indexOf(0x60)] = 0x70
  expect((await codecs.lz4.decompress(withChecksums)).toString()).toBe(text)
})

test('output that would exhaust the memory of a server is not decompressed', async () => {
  const bomb = zstdCompressSync(Buffer.alloc(129 * 1024 * 1024))
  await expect(codecs.zstd.decompress(bomb)).rejects.toThrow('cannot be decompressed')
})

describeWithKafka('a topic of compressed records', () => {
  let cluster: MockCluster
  const testbeds: KafkaTestbed[] = []
  beforeAll(async () => {
    cluster = await startMockCluster()
  }, limitMs)
  afterAll(async () => {
    await Promise.all(testbeds.map((testbed) => testbed.close()))
    await cluster.close()
  })

  const reads = (codec: string) => async () => {
    const testbed = await createKafkaTestbed(cluster)
    testbeds.push(testbed)
    await cluster.sendCompressed(testbed.topic, codec, 200, text.replaceAll(' ', '-'))
    testbed.start()
    await eventually(async () => (await testbed.committed()) === '200')
    expect(testbed.seen).toEqual(Array.from({ length: 200 }, () => text.replaceAll(' ', '-')))
  }

  testTogether(
    {
      'with gzip is read': reads('gzip'),
      'with snappy is read': reads('snappy'),
      'with lz4 is read': reads('lz4'),
      'with zstd is read': reads('zstd'),
    },
    limitMs,
  )

  test('with a damaged batch is reported with its codec, and others are read', async () => {
    const [damaged, other] = [await createKafkaTestbed(cluster), await createKafkaTestbed(cluster)]
    testbeds.push(damaged, other)
    const batch = { base: 0, newest: 0, count: 1, records: Buffer.alloc(40, 0xff), codec: 2 }
    await cluster.sendBatch(damaged.topic, framedBatch(batch))
    damaged.start()
    other.start()
    const result = 'PROBLEM: Records that are compressed with snappy cannot be decompressed.'
    await eventually(() => damaged.results.includes(result))
    await other.send('m')
    await eventually(() => other.seen.length === 1)
    expect(other.results).toEqual(['OK'])
    expect(damaged.seen).toEqual([])
  })
})
