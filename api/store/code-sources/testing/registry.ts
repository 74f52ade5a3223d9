import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** An image registry over HTTP (API version 2), which serves the blobs and manifests that a test stored. */
export interface RunningRegistry {
  /** `127.0.0.1:port`. */
  readonly host: string
  /** Stores bytes; returns their digest. */
  put(content: object): string
  /** Points a tag of `team/app` to a manifest. */
  tag(name: string, digest: string): void
  /** Requires these credentials, through bearer tokens as most registries do. */
  lock(credentials: string): void
  /** Sends other bytes than those requested. */
  corrupt(digest: string): void
  close(): void
}

export async function startRegistry(): Promise<RunningRegistry> {
  const kept = new Map<string, Buffer>()
  const tags = new Map<string, string>()
  let credentials: string | undefined
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const { pathname, searchParams } = new URL(request.url ?? '', `http://${host}`)
    if (pathname === '/token') {
      const isRight = request.headers.authorization === `Basic ${credentials ?? ''}`
      const isAsked = searchParams.get('scope') === 'repository:team/app:pull'
      response.writeHead(isRight && isAsked ? 200 : 401).end('{"token":"let-me-in"}')
      return
    }
    if (credentials !== undefined && request.headers.authorization !== 'Bearer let-me-in') {
      const challenge = `Bearer realm="http://${host}/token",service="registry",scope="repository:team/app:pull"`
      response.writeHead(401, { 'www-authenticate': challenge }).end()
      return
    }
    const [, kind, name = ''] = /^\/v2\/team\/app\/(manifests|blobs)\/(.+)$/.exec(pathname) ?? []
    const body = kept.get(kind === 'manifests' ? (tags.get(name) ?? name) : name)
    response.writeHead(body === undefined ? 404 : 200).end(body)
  }
  const server = createServer(answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const host = `127.0.0.1:${String((server.address() as AddressInfo).port)}`
  return {
    host,
    put(content) {
      const body = Buffer.from(JSON.stringify(content))
      const digest = `sha256:${createHash('sha256').update(body).digest('hex')}`
      kept.set(digest, body)
      return digest
    },
    tag: (name, digest) => void tags.set(name, digest),
    lock: (wanted) => void (credentials = Buffer.from(wanted).toString('base64')),
    corrupt: (digest) => void kept.set(digest, Buffer.from('{}')),
    close: () => server.close(),
  }
}
