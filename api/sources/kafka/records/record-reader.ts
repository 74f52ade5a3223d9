/** Reads the numbers and bytes of records sequentially; throws when they are truncated. */
export interface RecordReader {
  readVarint(): number
  /** Length-prefixed bytes; `null` for a length below 0. */
  readBytes(): Buffer | null
  skip(bytes: number): void
}

const bits = 7

export function createRecordReader(buffer: Buffer): RecordReader {
  let at = 0
  const readUnsigned = (): number => {
    let value = 0
    for (let factor = 1; ; factor *= 2 ** bits) {
      const byte = buffer.readUInt8(at++)
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value
      if (factor > Number.MAX_SAFE_INTEGER) throw new RangeError('A varint of a record is too long.')
    }
  }
  /** A zigzag number: the sign is the lowest bit. */
  const readVarint = (): number => {
    const value = readUnsigned()
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }
  const skip = (bytes: number): void => {
    if (bytes > buffer.length - at) throw new RangeError('A record is truncated.')
    at += bytes
  }
  return {
    readVarint,
    skip,
    readBytes() {
      const length = readVarint()
      if (length < 0) return null
      const start = at
      skip(length)
      return buffer.subarray(start, at)
    },
  }
}
