import { createHash, hash } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'

/** What is hashed at a time, about a millisecond of work, so that other requests are served between. */
const pieceBytes = 1_048_576

/** The SHA-256 of a body in hexadecimal digits: at once for one of a usual size, in pieces for a large one. No copy is made. */
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
