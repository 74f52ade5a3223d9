import { createHmac, timingSafeEqual } from 'node:crypto'

/** Proves knowledge of the environment's key in response to a challenge. A captured proof cannot be replayed. */
export function proofOf(key: string, nonce: string, token: number): string {
  return createHmac('sha256', key)
    .update(`${nonce} ${String(token)}`)
    .digest('hex')
}

/** Compares in constant time. */
export function isProof(given: unknown, key: string, nonce: string, token: number): boolean {
  const expected = Buffer.from(proofOf(key, nonce, token))
  const answer = Buffer.from(typeof given === 'string' ? given : '')
  return answer.length === expected.length && timingSafeEqual(answer, expected)
}
