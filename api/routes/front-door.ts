import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { storeUnavailable } from '../errors.ts'
import { answerBrokenHttp, errorParts } from './error-answer.ts'
import { prepareFarewell } from './farewell.ts'

/** The server's one way in. It listens before there is anything behind it, and answers 503 until there is. */
export interface FrontDoor {
  /** URL of what it listens on. */
  readonly address: string
  /** Lets requests through; connections that wait at the door stay. */
  open(listener: RequestListener): void
  /** From now on clients are told that their connections end, and go elsewhere with their next request. */
  leave(): void
  /** Takes no more connections; resolves when those that are there have ended. */
  close(): Promise<void>
}

/** For the whole of a request to arrive. */
const requestMs = 300_000
/** A connection without a request is kept this long. */
const keepAliveMs = 72_000
/** While the door closes, connections without a request are closed this often. */
const hangUpMs = 50

/** Listens; a port that cannot be had is an error of one line. */
export async function openFrontDoor(host: string, port: number): Promise<FrontDoor> {
  const server = createServer({ requestTimeout: requestMs, keepAliveTimeout: keepAliveMs }, refuse)
  server.on('clientError', answerBrokenHttp).listen({ host, port })
  await once(server, 'listening')
  const farewell = prepareFarewell(server)
  return {
    address: addressOf(host, server.address() as AddressInfo),
    open(listener) {
      server.removeListener('request', refuse).on('request', listener)
    },
    leave: () => farewell.begin(),
    async close() {
      const closed = once(server, 'close')
      server.close()
      // A connection that is busy now is idle, and in the way of the end, once it has its answer.
      const hangUp = setInterval(() => server.closeIdleConnections(), hangUpMs)
      await closed
      clearInterval(hangUp)
    },
  }
}

/** What is sent with a request that is refused is read and dropped. */
function refuse(request: IncomingMessage, response: ServerResponse): void {
  if (request.url === '/health') {
    response.writeHead(503, { 'content-type': 'application/json' }).end('{"status":"not ready"}')
    return
  }
  const { status, headers, body } = errorParts(storeUnavailable(undefined), randomUUID())
  response.writeHead(status, headers).end(body)
}

function addressOf(host: string, { port }: AddressInfo): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${String(port)}`
}
