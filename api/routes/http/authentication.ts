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

/** The config of a route that authenticates callers itself, or that is public. */
export const openRoute = { isOpen: true } as const

/**
 * Authenticates requests to all but open routes: they must be signed with a key of the account. The head is checked before the
 * body is read, and the handler runs only once both are verified. Without a verifier there is no overhead.
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

/** The parts of a request that its signature covers, as received. */
export function signedRequest(request: FastifyRequest): SignedRequest {
  return { method: request.method, url: request.originalUrl, rawHeaders: request.raw.rawHeaders }
}

const noBody = Buffer.alloc(0)

/** The body as received. */
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
