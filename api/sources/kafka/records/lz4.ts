import { copyBack } from './snappy.ts'

const magic = 0x184d2204
const flags = { hasDictionary: 0x01, hasContentSize: 0x08, hasBlockChecksums: 0x10 }
const isStored = 0x80000000

/** The output so far. */
interface Output {
  bytes: Buffer
  length: number
  readonly most: number
}

/**
 * Decompresses an LZ4 frame; throws when it is invalid or its output too long.
 * The format: https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md
 */
export function decompressLz4(frame: Buffer, maxBytes: number): Buffer {
  if (frame.readUInt32LE(0) !== magic) throw new Error('The data is not an LZ4 frame.')
  const flag = frame.readUInt8(4)
  if ((flag & flags.hasDictionary) !== 0) throw new Error('LZ4 dictionaries are not supported.')
  const checksumBytes = (flag & flags.hasBlockChecksums) === 0 ? 0 : 4
  const output: Output = { bytes: Buffer.alloc(frame.length * 4), length: 0, most: maxBytes }
  let at = 7 + ((flag & flags.hasContentSize) === 0 ? 0 : 8)
  for (;;) {
    const size = frame.readUInt32LE(at)
    if (size === 0) return output.bytes.subarray(0, output.length)
    const [start, end] = [at + 4, at + 4 + (size & ~isStored)]
    if (end > frame.length) throw new RangeError('The LZ4 frame is truncated.')
    if ((size & isStored) === 0) decompressBlock(frame.subarray(start, end), output)
    else append(output, frame.subarray(start, end))
    at = end + checksumBytes
  }
}

function decompressBlock(block: Buffer, output: Output): void {
  let at = 0
  while (at < block.length) {
    const token = block.readUInt8(at)
    const literals = readLength(block, at + 1, token >> 4)
    at = literals.end + literals.length
    if (at > block.length) throw new RangeError('The LZ4 block is truncated.')
    append(output, block.subarray(literals.end, at))
    // The last sequence contains only literals.
    if (at === block.length) return
    const distance = block.readUInt16LE(at)
    if (distance === 0) throw new RangeError('An LZ4 match has offset 0.')
    const match = readLength(block, at + 2, token & 15)
    at = match.end
    grow(output, match.length + 4)
    copyBack(output.bytes, output.length, distance, match.length + 4)
    output.length += match.length + 4
  }
}

/** A length: four bits of the token, plus further bytes while each is 255. */
function readLength(block: Buffer, from: number, bits: number): { length: number; end: number } {
  let [length, end] = [bits, from]
  if (bits < 15) return { length, end }
  for (let byte = 255; byte === 255; end++) {
    byte = block.readUInt8(end)
    length += byte
  }
  return { length, end }
}

function append(output: Output, bytes: Buffer): void {
  grow(output, bytes.length)
  bytes.copy(output.bytes, output.length)
  output.length += bytes.length
}

function grow(output: Output, more: number): void {
  const needed = output.length + more
  if (needed > output.most) throw new RangeError('The LZ4 frame exceeds the size limit.')
  if (needed <= output.bytes.length) return
  const grown = Buffer.alloc(Math.min(Math.max(needed, output.bytes.length * 2), output.most))
  output.bytes.copy(grown, 0, 0, output.length)
  output.bytes = grown
}
