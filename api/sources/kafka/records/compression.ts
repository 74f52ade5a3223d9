import { promisify } from 'node:util'
import { gunzip, zstdDecompress } from 'node:zlib'
import { SourceFault } from '../../polling/source.ts'
import { decompressLz4 } from './lz4.ts'
import { decompressSnappy } from './snappy.ts'

/** What reads a kind of compression; nothing that is sent is compressed. */
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
  snappy: codec('snappy', (compressed) => decompressSnappy(compressed, maxOutputLength)),
  lz4: codec('lz4', (compressed) => decompressLz4(compressed, maxOutputLength)),
  zstd: codec('zstd', (compressed) => unzstd(compressed, { maxOutputLength })),
}

/** By the numbers that record batches have for them; 0 is none. */
const numbered = [undefined, codecs.gzip, codecs.snappy, codecs.lz4, codecs.zstd]

/** Decompresses the records of a batch whose attributes have this number of a codec. */
export async function decompress(compressed: Buffer, number: number): Promise<Buffer> {
  if (number === 0) return compressed
  const known = numbered[number]
  if (known === undefined) throw new SourceFault(`Records with the compression ${number} cannot be decompressed.`)
  return known.decompress(compressed)
}

function codec(name: string, read: (compressed: Buffer) => Buffer | Promise<Buffer>): Codec {
  return {
    async decompress(compressed) {
      try {
        return await read(compressed)
      } catch (cause) {
        throw new SourceFault(`Records that are compressed with ${name} cannot be decompressed.`, { cause })
      }
    },
  }
}
