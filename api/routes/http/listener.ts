import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { storeUnavailable } from '../../errors.ts'
import { version } from '../../version.ts'
import { isLoopbackAddress } from './browser-requests.ts'
import { answerBrokenHttp, errorParts } from './error-response.ts'
import { prepareGracefulShutdown } from './graceful-shutdown.ts'

/** The HTTP listener of the server. It listens before the server is ready, and responds with 503 until it is. */
export interface Listener {
  /** The URL of the address that it listens on. */
  readonly address: string
  /** Only this machine reaches it. */
  readonly isLoopback: boolean
  /** Passes requests to the handler from now on; open connections stay. */
  serve(handler: RequestListener): void
  /** From now on each response closes its connection, so that clients move to another server. */
  beginShutdown(): void
  /** Accepts no more connections; resolves when the open ones have ended. */
  close(): Promise<void>
}

const serverName = `kubelambda/${version}`
/** Timeout for receiving a whole request. */
const requestMs = 300_000
/** Idle connections are kept open this long. */
const keepAliveMs = 72_000
/** While the listener closes, idle connections are closed this often. */
const hangUpMs = 50

/** Starts listening. Rejects with a one-line error that names the setting if the address or port cannot be used. */
export async function openListener(host: string, port: number): Promise<Listener> {
  const server = createServer({ requestTimeout: requestMs, keepAliveTimeout: keepAliveMs })
  server.on('request', nameServer).on('request', refuse).on('clientError', answerBrokenHttp)
  await listen(server, host, port)
  const shutdown = prepareGracefulShutdown(server)
  const bound = server.address() as AddressInfo
  return {
    address: addressOf(host, bound),
    isLoopback: isLoopbackAddress(bound.address),
    serve(handler) {
      server.removeListener('request', refuse).on('request', handler)
    },
    beginShutdown: () => shutdown.begin(),
    async close() {
      const closed = once(server, 'close')
      server.close()
      // A connection that is busy now is idle after its response, and would delay the close.
      const hangUp = setInterval(() => server.closeIdleConnections(), hangUpMs)
      await closed
      clearInterval(hangUp)
    },
  }
}

/** Sets the `Server` header in every response, unless a function's response sets another. */
function nameServer(_request: IncomingMessage, response: ServerResponse): void {
  response.setHeader('server', serverName)
}

/** Refuses a request; its body is read and discarded. */
function refuse(request: IncomingMessage, response: ServerResponse): void {
  if (request.url === '/health') {
    response
      .writeHead(503, { 'content-type': 'application/json' })
      .end(JSON.stringify({ status: 'not ready', version }))
    return
  }
  const { status, headers, body } = errorParts(storeUnavailable(undefined), randomUUID())
  response.writeHead(status, headers).end(body)
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  try {
    server.listen({ host, port })
    await once(server, 'listening')
  } catch (cause) {
    throw new Error(listenFault(cause as NodeJS.ErrnoException, host, port), { cause })
  }
}

/** The error for an address that cannot be listened on, with its remedy. */
function listenFault({ code, message }: NodeJS.ErrnoException, host: string, port: number): string {
  const portText = String(port)
  switch (code) {
    case 'EADDRINUSE':
      return `Port ${portText} of ${host} is in use. Stop what listens there, or choose another port with --port or KUBELAMBDA_PORT (0 takes any free one).`
    case 'EACCES':
      return `There is no permission to listen on port ${portText}. Choose a port of 1024 or above with --port or KUBELAMBDA_PORT.`
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `The host ${host} is not known. Set --host or KUBELAMBDA_HOST to an address of this machine, such as 127.0.0.1 or 0.0.0.0.`
    case 'EADDRNOTAVAIL':
      return `${host} is not an address of this machine. Set --host or KUBELAMBDA_HOST to one, such as 127.0.0.1 or 0.0.0.0.`
    default:
      return `The server cannot listen on ${host}, port ${portText} (--host, --port): ${message}.`
  }
}

function addressOf(host: string, { port }: AddressInfo): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${String(port)}`
}
