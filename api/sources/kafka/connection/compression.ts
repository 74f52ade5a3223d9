import { promisify } from 'node:util'
import { gunzip, zstdDecompress } from 'node:zlib'
import type { CompressionCodecs, CompressionTypes } from 'kafkajs'
import { SourceFault } from '../../polling/source.ts'

/** What the library takes for a kind of compression; nothing that is sent is compressed. */
export interface Codec {
  decompress(compressed: Buffer): Promise<Buffer>
}

/** More than any batch of records has, and too little to end the server. */
const maxOutputLength = 128 * 1024 * 1024
const ungzip = promisify(gunzip)
const unzstd = promisify(zstdDecompress)

/** Each reads a batch's records; one that is damaged or too long is a `SourceFault` that names the codec. */
export const codecs = {
  gzip: codec('gzip', (compressed) => ungzip(compressed, { maxOutputLength })),
  snappy: codec('snappy', unsnap),
  lz4: codec('lz4', unlz4),
  zstd: codec('zstd', (compressed) => unzstd(compressed, { maxOutputLength })),
}

/** Has the library read compressed batches. */
export function registerCodecs(library: {
  readonly CompressionCodecs: typeof CompressionCodecs
  readonly CompressionTypes: typeof CompressionTypes
}): void {
  const { CompressionCodecs: registered, CompressionTypes: types } = library
  registered[types.GZIP] = () => codecs.gzip
  registered[types.Snappy] = () => codecs.snappy
  registered[types.LZ4] = () => codecs.lz4
  registered[types.ZSTD] = () => codecs.zstd
}

function codec(name: string, decompress: (compressed: Buffer) => Promise<Uint8Array>): Codec {
  return {
    async decompress(compressed) {
      try {
        const { buffer, byteOffset, byteLength } = await decompress(compressed)
        return Buffer.from(buffer, byteOffset, byteLength)
      } catch (cause) {
        throw new SourceFault(`Records that are compressed with ${name} cannot be decompressed.`, { cause })
      }
    },
  }
}

/** What Java's clients put before blocks of Snappy, each with its length, and how long that is with its two versions. */
const blocksMagic = Buffer.from([0x82, ...Buffer.from('SNAPPY'), 0])
const blocksAt = 16

async function unsnap(compressed: Buffer): Promise<Uint8Array> {
  const { uncompress } = (await import('snappyjs')).default
  if (!compressed.subarray(0, blocksMagic.length).equals(blocksMagic)) return uncompress(compressed, maxOutputLength)
  const blocks: Uint8Array[] = []
  let left = maxOutputLength
  for (let at = blocksAt, end = at; at < compressed.length; at = end) {
    end = at + 4 + compressed.readUInt32BE(at)
    const block = uncompress(compressed.subarray(at + 4, end), left)
    left -= block.length
    blocks.push(block)
  }
  return Buffer.concat(blocks)
}

const lz4FlagsAt = 4
const hasBlockChecksums = 0x10

async function unlz4(compressed: Buffer): Promise<Uint8Array> {
  // The package would take them for data.
  if (((compressed[lz4FlagsAt] ?? 0) & hasBlockChecksums) !== 0) throw new Error('Checksums of blocks are not read.')
  const { decompressBound, decompressFrame } = (await import('lz4js')).default
  const bytes = new Uint8Array(Math.min(decompressBound(compressed), maxOutputLength))
  const length = decompressFrame(compressed, bytes)
  if (length > bytes.length) throw new RangeError('The frame is longer than it says, or than is read.')
  return bytes.subarray(0, length)
}
