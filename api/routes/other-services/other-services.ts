import type { FastifyInstance, FastifyRequest } from 'fastify'
import { signedRequest } from '../http/authentication.ts'
import { otherServiceOf } from './asked-service.ts'
import { errorFormatOf } from './protocols.ts'

/** Paths of ours at which other services have operations, too. */
const sharedPaths = new Set<string | undefined>(['/', '/health'])

/**
 * Answers requests that were signed for another service than Lambda: in that service's own error format, and with what to do.
 * Whoever sends one set the endpoint of every service to this server.
 *
 * 1. ask      which service the signature names                    asked-service.ts
 * 2. choose   the format in which its client reads errors          protocols.ts
 * 3. write    the error in it                                      error-formats/
 *
 * The answer comes before the signature is verified, and depends on nothing but the request's head: it tells neither whether a
 * key is known nor anything of the server. Operations of Lambda, function URLs and the routes under `/_kubelambda/` are left
 * alone, whatever their requests are signed for.
 */
export function registerOtherServices(app: FastifyInstance): void {
  app.addHook('onRequest', (request, reply, done) => {
    const service = mayBeForAnother(request) ? otherServiceOf(signedRequest(request)) : undefined
    if (service === undefined) {
      done()
      return
    }
    const { headers, id: requestId, originalUrl } = request
    const [path = ''] = originalUrl.split('?', 1)
    const error = errorFormatOf(service, headers)({ message: messageFor(service), requestId, path, headers })
    void reply.code(error.status).headers(error.headers).send(error.body)
  })
}

function mayBeForAnother({ is404, routeOptions, originalUrl }: FastifyRequest): boolean {
  return (is404 && !originalUrl.startsWith('/_kubelambda/')) || sharedPaths.has(routeOptions.url)
}

function messageFor(service: string): string {
  return (
    `kubelambda serves the AWS Lambda API only, and this request was signed for ${service}. ` +
    'Set the endpoint for Lambda alone (AWS_ENDPOINT_URL_LAMBDA, or --endpoint-url with aws lambda), ' +
    `and leave ${service} at AWS or point it elsewhere.`
  )
}
