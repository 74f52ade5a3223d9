import type { FastifyInstance, FastifyRequest } from 'fastify'
import { authenticationErrors } from '../../authentication/authentication-errors.ts'
import { bodyHash } from '../../authentication/body-hash.ts'
import type { SignedRequest } from '../../authentication/signed-request.ts'
import type { PendingSignature, Verifier } from '../../authentication/verifier.ts'

export interface AuthenticationDependencies {
  /** Undefined when any signature is accepted. */
  readonly verifier: Verifier | undefined
  /** The account that may use the API. */
  readonly accountId: string
}

/** The config of a route that verifies who calls by itself, or is for everybody. */
export const openRoute = { isOpen: true } as const

/**
 * Lets no request to another than an open route through that is not signed with a key of the account: its head is looked at
 * before its body is read, and nothing is done before both are verified. Without a verifier it costs nothing.
 */
export function registerAuthentication(
  app: FastifyInstance,
  { verifier, accountId }: AuthenticationDependencies,
): void {
  if (verifier === undefined) return
  const pending = new WeakMap<FastifyRequest, PendingSignature>()
  app.addHook('onRequest', (request, _reply, done) => {
    if (isOpen(request)) done()
    else done(refusalOf(() => pending.set(request, verifier.begin(signedRequest(request)))))
  })
  app.addHook('preValidation', (request, _reply, done) => {
    if (isOpen(request)) {
      done()
      return
    }
    const hash = bodyHash(bodyOf(request))
    const finish = (known: string) => done(refusalOf(() => admit(pending.get(request), known, accountId)))
    if (typeof hash === 'string') finish(hash)
    else hash.then(finish, done)
  })
}

/** What a request is signed over, as it came. */
export function signedRequest(request: FastifyRequest): SignedRequest {
  return { method: request.method, url: request.originalUrl, rawHeaders: request.raw.rawHeaders }
}

const noBody = Buffer.alloc(0)

/** The bytes that came. */
export function bodyOf({ body }: FastifyRequest): Buffer {
  return Buffer.isBuffer(body) ? body : noBody
}

function admit(signature: PendingSignature | undefined, hash: string, accountId: string): void {
  if (signature === undefined) throw authenticationErrors.missing()
  const caller = signature.verify(hash)
  if (caller.accountId !== accountId) throw authenticationErrors.foreignAccount(caller.accountId)
}

function refusalOf(work: () => unknown): Error | undefined {
  try {
    work()
    return undefined
  } catch (refusal) {
    return refusal as Error
  }
}

function isOpen(request: FastifyRequest): boolean {
  return (request.routeOptions.config as { isOpen?: boolean } | undefined)?.isOpen === true
}
