import type { InvokeMessage } from '../protocol/protocol.ts'
import type { ApiReply, ApiRequest } from './http/http-connection.ts'
import { sendInvalidTransition } from './http/replies.ts'
import type { RuntimeEvents } from './runtime-events.ts'

/** The runtime asks for its next event; the reply is held until there is one. */
export function next(events: RuntimeEvents, _request: ApiRequest, reply: ApiReply): void {
  if (events.state() === 'Running') return sendInvalidTransition(reply, 'Running', 'Ready')
  events.onNext(reply)
}

/** Sends an event to the waiting runtime. */
export function sendEvent(reply: ApiReply, invoke: InvokeMessage, deadlineMs: number, event: Uint8Array): void {
  const { requestId, functionArn, traceId, clientContext, tenantId, contentType } = invoke
  reply.send(
    `200 OK\r\nContent-Type: ${contentType ?? 'application/json'}\r\n` +
      `Lambda-Runtime-Aws-Request-Id: ${requestId}\r\n` +
      `Lambda-Runtime-Deadline-Ms: ${String(deadlineMs)}\r\n` +
      `Lambda-Runtime-Invoked-Function-Arn: ${functionArn}\r\n` +
      header('Lambda-Runtime-Trace-Id', traceId) +
      header('Lambda-Runtime-Client-Context', clientContext) +
      header('Lambda-Runtime-Aws-Tenant-Id', tenantId),
    event,
  )
}

function header(name: string, value: string | undefined): string {
  // A client context is JSON that may contain line breaks.
  return value === undefined || value === '' ? '' : `${name}: ${value.replace(/[\r\n]+/g, ' ')}\r\n`
}
