import type { FastifyRequest } from 'fastify'
import { bodyHash } from '../../authentication/body-hash.ts'
import { accessKeyIdOf } from '../../authentication/request-signature.ts'
import type { Caller, Verifier } from '../../authentication/verifier.ts'
import { kinds, LambdaError } from '../../errors.ts'
import { policyOf } from '../../functions/policies/function-policy.ts'
import type { FoundFunctionUrl } from '../../functions/function-urls/function-url.ts'
import { allowsUrl, deniesUrl } from '../../functions/function-urls/url-permission.ts'
import { bodyOf, signedRequest } from '../http/authentication.ts'

export interface UrlAuthorization {
  /** Undefined when any signature is accepted. */
  readonly verifier: Verifier | undefined
  readonly accountId: string
}

/**
 * Authorizes a call of a function URL. With `AWS_IAM`, keys of the account and those that the resource policy allows may call;
 * with `NONE`, everyone whom the policy allows. Returns the signer; undefined if no signature is required. Throws if the call
 * is not authorized.
 */
export async function authorizeUrlCall(
  access: UrlAuthorization,
  request: FastifyRequest,
  { record, target, config }: FoundFunctionUrl,
): Promise<Caller | undefined> {
  const { authType } = config
  const statements = policyOf(record, target.alias)
  if (authType === 'NONE') {
    if (!allowsUrl(statements, { authType })) throw urlForbidden()
    return undefined
  }
  const caller = await signerOf(access, request)
  const { accountId } = caller
  const asked = { authType, accountId }
  const isOwn = accountId === access.accountId
  if (isOwn ? deniesUrl(statements, asked) : !allowsUrl(statements, asked)) throw urlForbidden()
  return caller
}

/** The call is not authorized (reference 9.2). */
export function urlForbidden(): LambdaError {
  return new LambdaError(kinds.accessDenied, forbidden, {})
}

const forbidden =
  'Forbidden. For troubleshooting Function URL authorization issues, see: ' +
  'https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html'

/** If any signature is accepted, every key belongs to the account. */
async function signerOf({ verifier, accountId }: UrlAuthorization, request: FastifyRequest): Promise<Caller> {
  const signed = signedRequest(request)
  if (verifier === undefined) {
    const accessKeyId = accessKeyIdOf(signed)
    if (accessKeyId === undefined) throw urlForbidden()
    return { accessKeyId, accountId }
  }
  const isSigned = request.headers.authorization !== undefined || signed.url.includes('X-Amz-Algorithm=')
  if (!isSigned) throw urlForbidden()
  return verifier.begin(signed).verify(await bodyHash(bodyOf(request)))
}
