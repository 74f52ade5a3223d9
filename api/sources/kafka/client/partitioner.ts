/** Chooses partitions as Java's clients do: by the key's hash, or round-robin without a key. */
export function createPartitioner(): (key: Buffer | string | null | undefined, partitions: number) => number {
  let turn = Math.floor(Math.random() * 1024)
  return (key, partitions) => {
    const number = key === null || key === undefined ? turn++ : murmur2(Buffer.from(key)) & 0x7fffffff
    return number % partitions
  }
}

const [seed, factor] = [0x9747b28c, 0x5bd1e995]

/** Austin Appleby's hash, in 32 bits. */
export function murmur2(bytes: Buffer): number {
  let hash = seed ^ bytes.length
  const whole = bytes.length & ~3
  for (let at = 0; at < whole; at += 4) {
    const word = Math.imul(bytes.readInt32LE(at), factor)
    hash = Math.imul(hash, factor) ^ Math.imul(word ^ (word >>> 24), factor)
  }
  if (whole < bytes.length) hash = Math.imul(hash ^ bytes.readUIntLE(whole, bytes.length - whole), factor)
  hash = Math.imul(hash ^ (hash >>> 13), factor)
  return hash ^ (hash >>> 15)
}
