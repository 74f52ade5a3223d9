import type { ApiReply, ApiRequest } from './http-connection.ts'
import { sendText } from './replies.ts'
import type { RuntimeEvents } from './runtime-events.ts'

/** Answers as AWS does where extensions are switched off: 404 with an empty body. */
export function extensionsDisabled(_events: RuntimeEvents, _request: ApiRequest, reply: ApiReply): void {
  sendText(reply, '404 Not Found', '')
}
