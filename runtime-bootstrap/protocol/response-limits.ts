/** The largest response a runtime may post, in bytes: 6 MiB and AWS's 100 bytes of slack. */
export const maxResponseBytes = 6 * 1024 * 1024 + 100

/** The largest streamed response, in bytes: 200 MiB. */
export const maxStreamedBytes = 200 * 1024 * 1024

/** Flow control window of a streamed response: a caller that does not read pauses the runtime, and memory stays bounded. */
export const streamWindowBytes = 1024 * 1024

/** What a chunk counts against the window: its bytes and the overhead of buffering it. */
export function streamCost(chunk: Uint8Array): number {
  return chunk.length + chunkOverheadBytes
}

const chunkOverheadBytes = 256
