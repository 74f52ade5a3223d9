import { createHmac, createSecretKey, type KeyObject } from 'node:crypto'
import type { Credential } from './credentials.ts'

/** The key that requests of one day, region and service are signed with. */
export type SigningKeyOf = (credential: Credential, scope: readonly string[]) => KeyObject

/** Days a signature may be of: a week for one in a query, and the days around it. */
const maxDays = 10

/** Derives signing keys once per credential and scope; those of a credential that was replaced go with it. */
export function createSigningKeys(): SigningKeyOf {
  const known = new WeakMap<Credential, Map<string, KeyObject>>()
  return (credential, scope) => {
    let keys = known.get(credential)
    if (keys === undefined) known.set(credential, (keys = new Map<string, KeyObject>()))
    const name = scope.join('/')
    let key = keys.get(name)
    if (key === undefined) {
      if (keys.size >= maxDays) keys.clear()
      keys.set(name, (key = derive(credential.secret, scope)))
    }
    return key
  }
}

/** As an object of the crypto module, which a signature is then made with in a fifth of the time. */
function derive(secret: string, scope: readonly string[]): KeyObject {
  const start: Buffer = Buffer.from(`AWS4${secret}`)
  return createSecretKey(scope.reduce((key, part) => createHmac('sha256', key).update(part).digest(), start))
}
