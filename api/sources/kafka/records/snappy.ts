/** What Java's clients put before blocks of Snappy, each with its length, and how long that is with its two versions. */
const blocksMagic = Buffer.from([0x82, ...Buffer.from('SNAPPY'), 0])
const blocksAt = 16

/** Decompresses Snappy's raw format, or blocks of it as Java's clients write them; throws when the input is neither, or its output too long. */
export function decompressSnappy(compressed: Buffer, maxBytes: number): Buffer {
  if (!compressed.subarray(0, blocksMagic.length).equals(blocksMagic)) return decompressBlock(compressed, maxBytes)
  const blocks: Buffer[] = []
  let left = maxBytes
  for (let at = blocksAt, end = at; at < compressed.length; at = end) {
    end = at + 4 + compressed.readUInt32BE(at)
    const block = decompressBlock(compressed.subarray(at + 4, end), left)
    left -= block.length
    blocks.push(block)
  }
  return Buffer.concat(blocks)
}

/** The format: https://github.com/google/snappy/blob/main/format_description.txt */
function decompressBlock(input: Buffer, maxBytes: number): Buffer {
  const { value: length, end: start } = readLength(input)
  if (length > maxBytes) throw new RangeError('The Snappy block exceeds the size limit.')
  const output = Buffer.alloc(length)
  let [at, written] = [start, 0]
  while (at < input.length) {
    const { length: count, distance, end } = readElement(input, at)
    if (written + count > length) throw new RangeError('The Snappy block is longer than its header says.')
    if (distance === 0) input.copy(output, written, end, checked(end + count, input.length))
    else copyBack(output, written, distance, count)
    written += count
    at = distance === 0 ? end + count : end
  }
  if (written !== length) throw new RangeError('The Snappy block is shorter than its header says.')
  return output
}

function readLength(input: Buffer): { value: number; end: number } {
  for (let value = 0, at = 0; at < 5; at++) {
    const byte = input.readUInt8(at)
    value += (byte & 0x7f) * 2 ** (7 * at)
    if (byte < 0x80) return { value, end: at + 1 }
  }
  throw new RangeError('The length in the Snappy header is invalid.')
}

/** A literal has distance 0; its bytes follow. */
function readElement(input: Buffer, at: number): { length: number; distance: number; end: number } {
  const tag = input.readUInt8(at)
  const upper = tag >> 2
  switch (tag & 3) {
    case 0: {
      const bytes = Math.max(0, upper - 59)
      const length = bytes === 0 ? upper : input.readUIntLE(at + 1, bytes)
      return { length: length + 1, distance: 0, end: at + 1 + bytes }
    }
    case 1:
      return back((upper & 7) + 4, ((tag >> 5) << 8) | input.readUInt8(at + 1), at + 2)
    case 2:
      return back(upper + 1, input.readUInt16LE(at + 1), at + 3)
    default:
      return back(upper + 1, input.readUInt32LE(at + 1), at + 5)
  }
}

function back(length: number, distance: number, end: number): { length: number; distance: number; end: number } {
  if (distance === 0) throw new RangeError('A Snappy copy has offset 0.')
  return { length, distance, end }
}

/** Copies earlier output; source and target may overlap. */
export function copyBack(output: Buffer, at: number, distance: number, length: number): void {
  if (distance > at) throw new RangeError('A Snappy copy begins before the block.')
  if (distance >= length) output.copyWithin(at, at - distance, at - distance + length)
  else for (let end = at + length, to = at; to < end; to++) output[to] = output[to - distance] ?? 0
}

function checked(end: number, most: number): number {
  if (end > most) throw new RangeError('The Snappy block is truncated.')
  return end
}
