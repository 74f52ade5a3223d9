import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import type { ResponseBody, BodySource } from './http/response-body.ts'
import { extensionExitError, extensionInitError } from './extensions/errors.ts'
import { extensionNext } from './extensions/next.ts'
import { extensionRegister } from './extensions/register.ts'
import { unlessDisabled } from './extensions-disabled.ts'
import { HttpConnection, type ApiReply, type ApiRequest } from './http/http-connection.ts'
import type { RequestHead } from './http/http-head.ts'
import { Intake } from './http/intake.ts'
import { initError } from './init-error.ts'
import { invocationError } from './invocation-error.ts'
import { invocationResponse, streamedResponse } from './invocation-response.ts'
import { next } from './next.ts'
import { ping } from './ping.ts'
import { sendText } from './http/replies.ts'
import type { Clients } from './clients/clients.ts'
import { refuseClient, tooManyConnections } from './clients/refuse-client.ts'
import { restoreDisabled } from './restore-disabled.ts'
import { logs, telemetry } from './extensions/telemetry.ts'
import type { Endpoint, RuntimeEvents } from './runtime-events.ts'

/** The whole API, by path and method. `{id}` stands for one part of a path. */
const routes: ReadonlyMap<string, ReadonlyMap<string, Endpoint>> = new Map([
  ['/2018-06-01/ping', new Map([['GET', ping]])],
  ['/2018-06-01/runtime/invocation/next', new Map([['GET', next]])],
  ['/2018-06-01/runtime/invocation/{id}/response', new Map([['POST', invocationResponse]])],
  ['/2018-06-01/runtime/invocation/{id}/error', new Map([['POST', invocationError]])],
  ['/2018-06-01/runtime/init/error', new Map([['POST', initError]])],
  ['/2018-06-01/runtime/restore/next', new Map([['GET', restoreDisabled]])],
  ['/2018-06-01/runtime/restore/error', new Map([['POST', restoreDisabled]])],
  ['/2020-01-01/extension/register', new Map([['POST', unlessDisabled(extensionRegister)]])],
  ['/2020-01-01/extension/event/next', new Map([['GET', unlessDisabled(extensionNext)]])],
  ['/2020-01-01/extension/init/error', new Map([['POST', unlessDisabled(extensionInitError)]])],
  ['/2020-01-01/extension/exit/error', new Map([['POST', unlessDisabled(extensionExitError)]])],
  ['/2020-08-15/logs', new Map([['PUT', unlessDisabled(logs)]])],
  ['/2022-07-01/telemetry', new Map([['PUT', unlessDisabled(telemetry)]])],
])

const invocationPath = /^(\/2018-06-01\/runtime\/invocation\/)([^/]+)(\/(?:response|error))$/

/** The Runtime API of one environment, on a port of this machine. */
export interface RuntimeApi {
  /** `host:port`, for `AWS_LAMBDA_RUNTIME_API`. */
  readonly address: Promise<string>
  /** Closes all connections, once their runtime has exited. */
  disconnect(): void
  /** Stops listening and closes all connections. */
  close(): void
}

/** The most connections of an environment at a time. */
const maxConnections = 256

/** Starts listening at once, so that an assignment need not wait for it. */
export function serveRuntimeApi(clients: Clients, events: RuntimeEvents): RuntimeApi {
  const sockets = new Set<Socket>()
  const intake = new Intake()
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    if (!clients.admit(socket)) return
    if (sockets.size >= maxConnections) return refuseClient(socket, tooManyConnections)
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    new HttpConnection(socket, intake, {
      onRequest: (request, reply) => route(events, request, reply),
      onStream: (head, source) => routeStream(events, head, source),
    })
  })
  const disconnect = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  const close = (): void => {
    server.close()
    disconnect()
  }
  return { address: listen(server), disconnect, close }
}

function listen(server: Server): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => resolve(`127.0.0.1:${String((server.address() as AddressInfo).port)}`))
  })
}

function route(events: RuntimeEvents, request: ApiRequest, reply: ApiReply): void {
  const parts = request.path.endsWith('/next') ? null : invocationPath.exec(request.path)
  const methods = routes.get(parts === null ? request.path : `${String(parts[1])}{id}${String(parts[3])}`)
  if (methods === undefined) return sendText(reply, '404 Not Found', '404 page not found\n')
  const endpoint = methods.get(request.method)
  if (endpoint === undefined) return sendText(reply, '405 Method Not Allowed', '')
  if (request.isTruncated && endpoint !== invocationResponse) return sendText(reply, '400 Bad Request', '')
  endpoint(events, request, reply, parts?.[2] ?? '')
}

function routeStream(events: RuntimeEvents, head: RequestHead, source: BodySource): ResponseBody | undefined {
  const parts = invocationPath.exec(head.path)
  const isResponse = head.method === 'POST' && parts?.[3] === '/response'
  return isResponse ? streamedResponse(events, head, source, String(parts[2])) : undefined
}
