import { createHmac, hash, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'

export interface ScramUser {
  readonly mechanism: 'scram-sha-256' | 'scram-sha-512'
  readonly username: string
  readonly password: string
}

/** Sends bytes of the SASL exchange, and resolves with the broker's response. */
export type Say = (bytes: Buffer) => Promise<Buffer>

const digests = {
  'scram-sha-256': { name: 'sha256', bytes: 32 },
  'scram-sha-512': { name: 'sha512', bytes: 64 },
} as const
const derive = promisify(pbkdf2)
/** No channel binding. */
const header = 'n,,'
/** The minimum of iterations that the RFC demands, against password guessing by the broker, and a maximum that bounds the CPU time. */
const [minIterations, maxIterations] = [4096, 1_000_000]

/**
 * Authenticates the user to the broker, and the broker to the user (RFC 5802). The library's own implementation reads
 * the salt as text, and does not verify the broker.
 */
export async function authenticateByScram({ mechanism, username, password }: ScramUser, say: Say): Promise<void> {
  const { name, bytes } = digests[mechanism]
  const hmac = (key: Buffer, text: string) => createHmac(name, key).update(text).digest()
  const nonce = randomBytes(18).toString('base64url')
  const first = `n=${username.replaceAll('=', '=3D').replaceAll(',', '=2C')},r=${nonce}`
  const serverFirst = String(await say(Buffer.from(`${header}${first}`)))
  const { r: bothNonces = '', s: salt = '', i: iterations = '' } = attributesOf(serverFirst)
  const rounds = Number(iterations)
  if (!bothNonces.startsWith(nonce) || !(rounds >= minIterations && rounds <= maxIterations))
    throw new Error('The SCRAM message of the broker is invalid.')
  const salted = await derive(password, Buffer.from(salt, 'base64'), rounds, bytes, name)
  const withoutProof = `c=${Buffer.from(header).toString('base64')},r=${bothNonces}`
  const conversation = [first, serverFirst, withoutProof].join(',')
  const clientKey = hmac(salted, 'Client Key')
  const signature = hmac(hash(name, clientKey, 'buffer'), conversation)
  const proof = Buffer.from(clientKey.map((byte, index) => byte ^ (signature[index] ?? 0)))
  const serverLast = String(await say(Buffer.from(`${withoutProof},p=${proof.toString('base64')}`)))
  const answered = Buffer.from(attributesOf(serverLast)['v'] ?? '', 'base64')
  const expected = hmac(hmac(salted, 'Server Key'), conversation)
  if (answered.length !== expected.length || !timingSafeEqual(answered, expected))
    throw new Error('The SCRAM signature of the broker does not match the password.')
}

function attributesOf(text: string): Readonly<Record<string, string>> {
  return Object.fromEntries(text.split(',').map((each) => [each.slice(0, 1), each.slice(2)]))
}
