import type { ApiReply } from './http/http-connection.ts'
import { sendError } from './http/replies.ts'
import type { RuntimeEvents } from './runtime-events.ts'

/** Whether the id is that of the running invocation; refuses the request otherwise. */
export function isCurrent(events: RuntimeEvents, reply: ApiReply, id: string): boolean {
  if (events.currentId() === id) return true
  sendError(reply, '400 Bad Request', 'InvalidRequestID', 'Invalid request ID')
  return false
}
