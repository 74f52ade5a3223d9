import { sendText } from './replies.ts'
import type { Endpoint } from './runtime-events.ts'

/** The endpoint where extensions are on; elsewhere 404 with an empty body, as on AWS. */
export function unlessDisabled(endpoint: Endpoint): Endpoint {
  return (events, request, reply, id) => {
    if (events.extensions.areDisabled) sendText(reply, '404 Not Found', '')
    else endpoint(events, request, reply, id)
  }
}
