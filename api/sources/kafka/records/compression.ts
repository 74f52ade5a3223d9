import { promisify } from 'node:util'
import { gunzip, zstdDecompress } from 'node:zlib'
import { SourceFault } from '../../polling/source.ts'
import { decompressLz4 } from './lz4.ts'
import { decompressSnappy } from './snappy.ts'

/** A decompressor. Produced messages are not compressed. */
export interface Codec {
  decompress(compressed: Buffer): Promise<Buffer>
}

/** More than any record batch needs, and little enough not to exhaust the server's memory. */
const maxOutputLength = 128 * 1024 * 1024
const ungzip = promisify(gunzip)
const unzstd = promisify(zstdDecompress)

/** Decompresses a batch's records. Throws a `SourceFault` that names the codec when they are damaged or too long. */
export const codecs = {
  gzip: codec('gzip', (compressed) => ungzip(compressed, { maxOutputLength })),
  snappy: codec('snappy', (compressed) => decompressSnappy(compressed, maxOutputLength)),
  lz4: codec('lz4', (compressed) => decompressLz4(compressed, maxOutputLength)),
  zstd: codec('zstd', (compressed) => unzstd(compressed, { maxOutputLength })),
}

/** Codecs by their number in record batches; 0 is none. */
const numbered = [undefined, codecs.gzip, codecs.snappy, codecs.lz4, codecs.zstd]

/** Decompresses a batch's records with the codec of this number. */
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
