import { createHmac, hash, timingSafeEqual } from 'node:crypto'
import { authenticationErrors } from './authentication-errors.ts'
import { canonicalRequest } from './canonical-request.ts'
import { algorithm, readSignature, type RequestSignature } from './request-signature.ts'
import { basicTime } from './request-time.ts'
import type { Credential, Credentials } from './credentials.ts'
import type { SignedRequest } from './signed-request.ts'
import { createSigningKeys, type SigningKeyOf } from './signing-keys.ts'

/** Who signed a request. */
export interface Caller {
  readonly accessKeyId: string
  readonly accountId: string
}

/** A request whose head names a known key. The signature is verified once the body has been read. */
export interface PendingSignature {
  /**
   * Returns the signer; throws if the signature does not match. `bodyHash` is the SHA-256 of the body as received, in
   * hexadecimal digits.
   */
  verify(bodyHash: string): Caller
}

export interface Verifier {
  /** Checks a request's head before its body is read. Throws if no known key can have signed it. */
  begin(request: SignedRequest): PendingSignature
}

export interface VerifierDependencies {
  readonly credentials: Credentials
  readonly region: string
  /** Epoch milliseconds. */
  readonly now: () => number
}

const service = 'lambda'
const terminator = 'aws4_request'
/** The allowed clock skew. Lambda's limit is five minutes; other services allow 15. */
const skewMinutes = 5
const minuteMs = 60_000

/**
 * Verifies signatures of version 4. Checks run in AWS's order:
 *
 * 1. parse    the signature in the header or the query      request-signature.ts
 * 2. time     within five minutes, or within a presigned request's validity
 * 3. scope    the host is signed; day, region and service   below
 * 4. key      is known                                      credentials.ts
 * 5. match    of the canonical request with its body        canonical-request.ts, signing-keys.ts
 */
export function createVerifier({ credentials, region, now }: VerifierDependencies): Verifier {
  const signingKeyOf = createSigningKeys()
  return {
    begin(request) {
      const signature = readSignature(request)
      checkTime(signature, now())
      checkScope(signature, region)
      const credential = credentials.find(signature.accessKeyId)
      if (credential === undefined) throw authenticationErrors.unknownKey()
      return {
        verify(bodyHash) {
          if (!isSignedBy(credential, signature, request, bodyHash, signingKeyOf)) throw authenticationErrors.mismatch()
          return { accessKeyId: credential.accessKeyId, accountId: credential.accountId }
        },
      }
    },
  }
}

function checkTime({ time, expiresSeconds }: RequestSignature, nowMs: number): void {
  const minutes = expiresSeconds === undefined ? skewMinutes : expiresSeconds / 60
  const [oldestMs, newestMs] = [nowMs - minutes * minuteMs, nowMs + skewMinutes * minuteMs]
  if (time.epochMs < oldestMs) {
    const limit = `${basicTime(oldestMs)} (${basicTime(nowMs)} - ${String(minutes)} min.)`
    throw authenticationErrors.invalid(`Signature expired: ${time.text} is now earlier than ${limit}`)
  }
  if (time.epochMs > newestMs) {
    const limit = `${basicTime(newestMs)} (${basicTime(nowMs)} + ${String(skewMinutes)} min.)`
    throw authenticationErrors.invalid(`Signature not yet current: ${time.text} is still later than ${limit}`)
  }
}

function checkScope({ scope, signedHeaders, time }: RequestSignature, region: string): void {
  if (!signedHeaders.includes('host')) {
    throw authenticationErrors.invalid("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
  }
  const [day, givenRegion, givenService, givenTerminator] = scope
  const today = time.text.slice(0, 8)
  const faults = [
    ...(givenRegion === region ? [] : [`Credential should be scoped to a valid region, not '${givenRegion}'.`]),
    ...(givenService === service ? [] : [`Credential should be scoped to correct service: '${service}'.`]),
    ...(givenTerminator === terminator
      ? []
      : [`Credential should be scoped with a valid terminator: '${terminator}', not '${givenTerminator}'.`]),
    ...(day === today
      ? []
      : [
          `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${day}' != '${today}', from '${time.text}'.`,
        ]),
  ]
  if (faults.length > 0) throw authenticationErrors.invalid(faults.join(' '))
}

function isSignedBy(
  credential: Credential,
  { scope, signedHeaders, signature, time }: RequestSignature,
  request: SignedRequest,
  bodyHash: string,
  signingKeyOf: SigningKeyOf,
): boolean {
  const canonical = Buffer.from(canonicalRequest(request, signedHeaders, bodyHash), 'latin1')
  const text = `${algorithm}\n${time.text}\n${scope.join('/')}\n${hash('sha256', canonical)}`
  const expected = createHmac('sha256', signingKeyOf(credential, scope)).update(text).digest()
  const given = Buffer.from(signature, 'hex')
  return signature.length === 64 && given.length === expected.length && timingSafeEqual(given, expected)
}
