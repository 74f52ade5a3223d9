import type { FastifyInstance } from 'fastify'
import type { CodeStore } from '../../functions/code/code-store.ts'
import { openRoute } from '../http/authentication.ts'
import { codePath, isValidLink, type CodeLinkKey } from './code-link.ts'

export interface CodeDownloadDependencies extends CodeLinkKey {
  readonly codeStore: Pick<CodeStore, 'read'>
}

interface Request {
  Params: { readonly digest: string }
  Querystring: { readonly Expires?: unknown; readonly Signature?: unknown }
}

/** Serves the packages that `Code.Location` of GetFunction links to. Accepts only links signed by this server. */
export function registerCodeDownload(app: FastifyInstance, dependencies: CodeDownloadDependencies): void {
  app.get<Request>(`${codePath}:digest`, { config: openRoute }, async (request, reply) => {
    const { digest } = request.params
    const { Expires: expires, Signature: signature } = request.query
    const isSigned = typeof expires === 'string' && typeof signature === 'string'
    if (!isSigned || !isValidLink(dependencies, { digest, expires, signature })) {
      return reply.code(403).type('text/plain').send('The link is not valid or has expired.')
    }
    const zip = await dependencies.codeStore.read(Buffer.from(digest, 'hex').toString('base64'))
    if (zip === undefined) return reply.code(404).type('text/plain').send('The package no longer exists.')
    return reply.type('application/zip').send(Buffer.from(zip.buffer, zip.byteOffset, zip.byteLength))
  })
}
