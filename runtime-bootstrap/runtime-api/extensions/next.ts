import type { InvokeMessage, ShutdownMessage } from '../../protocol/protocol.ts'
import type { ExtensionEvents } from './extension-events.ts'
import { identifierOf } from './identifier.ts'
import { refuse, unknownExtension } from './refusals.ts'
import type { ApiReply, ApiRequest } from '../http/http-connection.ts'

/** An event for extensions, ready to be sent. */
export interface ExtensionEvent {
  readonly id?: string
  readonly body: Buffer
}

/** An extension asks for its next event, which completes the previous one. */
export function extensionNext(extensions: ExtensionEvents, request: ApiRequest, reply: ApiReply): void {
  const id = identifierOf(request, reply)
  if (id === undefined) return
  if (extensions.find(id) === undefined) return refuse(reply, unknownExtension(id))
  const refusal = extensions.onNext(id, reply)
  if (refusal !== undefined) refuse(reply, refusal)
}

/** The INVOKE event of an invocation, without its payload. */
export function invokeEvent(invoke: InvokeMessage, deadlineMs: number, id: string): ExtensionEvent {
  const { requestId, functionArn, traceId } = invoke
  const tracing =
    traceId === undefined || traceId === '' ? {} : { tracing: { type: 'X-Amzn-Trace-Id', value: traceId } }
  const event = { eventType: 'INVOKE', deadlineMs, requestId, invokedFunctionArn: functionArn, ...tracing }
  return { id, body: Buffer.from(JSON.stringify(event)) }
}

/** The last event of an environment. */
export function shutdownEvent(shutdownReason: ShutdownMessage['reason'], deadlineMs: number): ExtensionEvent {
  return { body: Buffer.from(JSON.stringify({ eventType: 'SHUTDOWN', deadlineMs, shutdownReason })) }
}

export function sendExtensionEvent(reply: ApiReply, { id, body }: ExtensionEvent): void {
  const identifier = id === undefined ? '' : `Lambda-Extension-Event-Identifier: ${id}\r\n`
  reply.send(`200 OK\r\nContent-Type: application/json\r\n${identifier}`, body)
}
