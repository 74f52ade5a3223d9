import { headerOf, queryPairs, type SignedRequest } from '../../authentication/signed-request.ts'

const serviceName = /^[a-z0-9][a-z0-9-]{0,62}$/

/** The AWS service, as signatures name it, that a request was signed for; undefined when it is signed for Lambda or for none. */
export function otherServiceOf(request: SignedRequest): string | undefined {
  const service = signedService(request)
  return service === undefined || service === 'lambda' || !serviceName.test(service) ? undefined : service
}

/** Reads what the signature says of itself; nothing is verified. */
function signedService(request: SignedRequest): string | undefined {
  const authorization = headerOf(request, 'authorization')
  if (authorization?.startsWith('AWS4-')) return scopedService(credentialIn(authorization))
  // Version 2 has no scope; S3 alone is still asked with it.
  if (authorization?.startsWith('AWS ')) return 's3'
  if (request.url.includes('X-Amz-Credential=')) {
    return scopedService(new Map(queryPairs(request.url)).get('X-Amz-Credential'))
  }
  return request.url.includes('AWSAccessKeyId=') ? 's3' : undefined
}

function credentialIn(authorization: string): string | undefined {
  const [, rest] = authorization.split('Credential=', 2)
  return rest?.split(/[,\s]/, 1)[0]
}

/** `key/day/region/service/aws4_request`; a signature for many regions names none. */
function scopedService(credential: string | undefined): string | undefined {
  const parts = credential?.split('/') ?? []
  return parts.length >= 4 && parts.at(-1) === 'aws4_request' ? parts.at(-2)?.toLowerCase() : undefined
}
