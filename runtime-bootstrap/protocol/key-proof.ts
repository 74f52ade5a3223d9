import { createHmac, timingSafeEqual } from 'node:crypto'

/** What only who knows the environment's key can answer to a challenge; a captured one is of no use later or elsewhere. */
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
