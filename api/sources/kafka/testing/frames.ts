/** Splits the bytes of a connection of Kafka's protocol into frames, without their sizes. */
export function createFrames(onFrame: (frame: Buffer) => void): (data: Buffer) => void {
  let rest = Buffer.alloc(0)
  return (data) => {
    rest = Buffer.concat([rest, data])
    while (rest.length >= 4 && rest.length >= 4 + rest.readInt32BE(0)) {
      const end = 4 + rest.readInt32BE(0)
      onFrame(rest.subarray(4, end))
      rest = rest.subarray(end)
    }
  }
}

/** Prefixes a frame with its size. */
export function framed(frame: Buffer): Buffer {
  const size = Buffer.alloc(4)
  size.writeInt32BE(frame.length)
  return Buffer.concat([size, frame])
}

/** Encodes numbers of Kafka's protocol, in order. */
export function numbers(...values: readonly (readonly [bits: 16 | 32, value: number])[]): Buffer {
  return Buffer.concat(
    values.map(([bits, value]) => {
      const bytes = Buffer.alloc(bits / 8)
      bytes.writeIntBE(value, 0, bits / 8)
      return bytes
    }),
  )
}

/** The end of a string of Kafka's protocol that begins here; an absent one has a length below 0. */
export function endOfString(frame: Buffer, at: number): number {
  return at + 2 + Math.max(0, frame.readInt16BE(at))
}
