import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'

/** Who may enter, and how. */
export interface SaslUser {
  readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512'
  readonly username: string
  readonly password: string
}

/** One conversation: takes what the client says, and answers it; nothing when the client is refused. */
export interface SaslConversation {
  step(said: Buffer): Buffer | undefined
  isDone(): boolean
}

/** The server's side of SASL (RFC 4616, RFC 5802). */
export function converse(user: SaslUser): SaslConversation {
  return user.mechanism === 'PLAIN' ? conversePlain(user) : converseScram(user)
}

function conversePlain({ username, password }: SaslUser): SaslConversation {
  let isDone = false
  return {
    step(said) {
      const [, name, secret] = said.toString().split('\0')
      isDone = name === username && secret === password
      return isDone ? Buffer.alloc(0) : undefined
    },
    isDone: () => isDone,
  }
}

const iterations = 4096

function converseScram({ mechanism, username, password }: SaslUser): SaslConversation {
  const [digest, bytes] = mechanism === 'SCRAM-SHA-256' ? (['sha256', 32] as const) : (['sha512', 64] as const)
  const hmac = (key: Buffer, text: string) => createHmac(digest, key).update(text).digest()
  const salt = randomBytes(16)
  const salted = pbkdf2Sync(password, salt, iterations, bytes, digest)
  let [clientFirst, serverFirst, isDone] = ['', '', false]
  const begin = (said: string): Buffer | undefined => {
    clientFirst = said.slice('n,,'.length)
    const [name, nonce] = clientFirst.split(',').map((part) => part.slice(2))
    serverFirst = `r=${String(nonce)}${randomBytes(8).toString('hex')},s=${salt.toString('base64')},i=${iterations}`
    return name === username ? Buffer.from(serverFirst) : undefined
  }
  const finish = (said: string): Buffer | undefined => {
    const [withoutProof = '', proof = ''] = said.split(',p=')
    const conversation = [clientFirst, serverFirst, withoutProof].join(',')
    const clientKey = hmac(salted, 'Client Key')
    const signature = hmac(createHash(digest).update(clientKey).digest(), conversation)
    const expected = Buffer.from(clientKey.map((byte, index) => byte ^ (signature[index] ?? 0))).toString('base64')
    isDone = proof === expected
    const answer = hmac(hmac(salted, 'Server Key'), conversation).toString('base64')
    return isDone ? Buffer.from(`v=${answer}`) : undefined
  }
  return {
    step: (said) => (serverFirst === '' ? begin(said.toString()) : finish(said.toString())),
    isDone: () => isDone,
  }
}
