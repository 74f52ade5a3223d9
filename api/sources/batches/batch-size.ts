/** The largest batch, in bytes (reference 8.2). What Lambda adds around the records is not counted. */
export const maxBytes = 6 * 1024 * 1024

/** Splits records, in order, into batches that fit into an event. A record that is too large forms a batch of its own. */
export function splitBySize<Item extends object>(items: readonly Item[]): Item[][] {
  const batches: Item[][] = []
  let bytes = Infinity
  for (const item of items) {
    const size = Buffer.byteLength(JSON.stringify(item))
    if (bytes + size > maxBytes) {
      batches.push([])
      bytes = 0
    }
    batches.at(-1)?.push(item)
    bytes += size
  }
  return batches
}
