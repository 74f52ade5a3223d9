import type { ApiReply, ApiRequest } from './http/http-connection.ts'
import { sendText } from './http/replies.ts'
import type { RuntimeEvents } from './runtime-events.ts'

/** Environments are not restored from snapshots: AWS answers 404 then. */
export function restoreDisabled(_events: RuntimeEvents, _request: ApiRequest, reply: ApiReply): void {
  sendText(reply, '404 Not Found', '404 page not found\n')
}
