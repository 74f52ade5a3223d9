import type { ApiReply, ApiRequest } from './http-connection.ts'
import { sendText } from './replies.ts'
import type { RuntimeEvents } from './runtime-events.ts'

export function ping(_events: RuntimeEvents, _request: ApiRequest, reply: ApiReply): void {
  sendText(reply, '200 OK', 'pong')
}
