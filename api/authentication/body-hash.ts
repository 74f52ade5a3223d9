import { createHash, hash } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'

/** Bytes hashed at a time: about a millisecond of work, so that the event loop is not blocked. */
const pieceBytes = 1_048_576

/**
 * The SHA-256 of a body in hexadecimal digits. Synchronous for bodies of usual size; large bodies are hashed in pieces. Makes
 * no copy.
 */
export function bodyHash(body: Buffer): string | Promise<string> {
  return body.length <= pieceBytes ? hash('sha256', body) : hashInPieces(body)
}

async function hashInPieces(body: Buffer): Promise<string> {
  const digest = createHash('sha256')
  for (let start = 0; start < body.length; start += pieceBytes) {
    digest.update(body.subarray(start, start + pieceBytes))
    await nextTurn()
  }
  return digest.digest('hex')
}
