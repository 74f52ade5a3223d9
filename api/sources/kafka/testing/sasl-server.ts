import { createHash, createHmac, hash, pbkdf2Sync, randomBytes } from 'node:crypto'
import { canonicalRequest } from '../../../authentication/canonical-request.ts'
import { readSignature } from '../../../authentication/request-signature.ts'
import { createSigningKeys } from '../../../authentication/signing-keys.ts'

/** The accepted credentials and their mechanism; with `OAUTHBEARER` the id of an access key and its secret. */
export interface SaslUser {
  readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512' | 'OAUTHBEARER'
  readonly username: string
  readonly password: string
  /** The lifetime of a session; by default that of its connection. */
  readonly sessionMs?: number
}

/** One SASL exchange: returns the response to the client's bytes; undefined when the client is rejected. */
export interface SaslConversation {
  step(said: Buffer): Buffer | undefined
  isDone(): boolean
}

/** The server's side of SASL (RFC 4616, RFC 5802, RFC 7628 with a token of MSK). */
export function converse(user: SaslUser): SaslConversation {
  if (user.mechanism === 'OAUTHBEARER') return converseBearer(user)
  return user.mechanism === 'PLAIN' ? conversePlain(user) : converseScram(user)
}

function converseBearer(user: SaslUser): SaslConversation {
  let isDone = false
  return {
    step(said) {
      const [, token = ''] = /^n,,\u0001auth=Bearer ([\w-]+)\u0001\u0001$/.exec(said.toString()) ?? []
      isDone = isSignedBy(user, Buffer.from(token, 'base64url').toString())
      return isDone ? Buffer.alloc(0) : undefined
    },
    isDone: () => isDone,
  }
}

/** Whether the URL is signed with the user's key as clients of MSK's IAM access control sign it. */
function isSignedBy({ username, password }: SaslUser, signed: string): boolean {
  const [address = '', agent = ''] = signed.split('&User-Agent=')
  if (!address.startsWith('https://kafka.') || agent === '') return false
  const { host, pathname, search } = new URL(address)
  const request = { method: 'GET', url: `${pathname}${search}`, rawHeaders: ['host', host] }
  const { accessKeyId, scope, signedHeaders, signature, time } = readSignature(request)
  const canonical = hash('sha256', canonicalRequest(request, signedHeaders, hash('sha256', '')))
  const key = createSigningKeys()({ accessKeyId, secret: password, accountId: '' }, scope)
  const text = ['AWS4-HMAC-SHA256', time.text, scope.join('/'), canonical].join('\n')
  const isMeant = host === `kafka.${scope[1]}.amazonaws.com` && scope[2] === 'kafka-cluster'
  return isMeant && accessKeyId === username && createHmac('sha256', key).update(text).digest('hex') === signature
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
