import type { ApiReply, ApiRequest } from './http-connection.ts'
import { sendText } from './replies.ts'
import type { Endpoint, RuntimeEvents } from './runtime-events.ts'

/** The endpoint where extensions are on; elsewhere 404 with an empty body, as on AWS. */
export function unlessDisabled(endpoint: Endpoint): Endpoint {
  return (events, request, reply, id) => {
    if (events.extensions.areDisabled) notFound(events, request, reply)
    else endpoint(events, request, reply, id)
  }
}

export function notFound(_events: RuntimeEvents, _request: ApiRequest, reply: ApiReply): void {
  sendText(reply, '404 Not Found', '')
}
