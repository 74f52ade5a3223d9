import type { ApiReply, ApiRequest } from './http/http-connection.ts'
import { sendText } from './http/replies.ts'
import type { RuntimeEvents } from './runtime-events.ts'

export function ping(_events: RuntimeEvents, _request: ApiRequest, reply: ApiReply): void {
  sendText(reply, '200 OK', 'pong')
}
