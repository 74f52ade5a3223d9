import type { ExtensionEndpoint } from './extensions/extension-events.ts'
import { sendText } from './http/replies.ts'
import type { Endpoint } from './runtime-events.ts'

/** The endpoint, or 404 with an empty body where extensions are disabled, as on AWS. */
export function unlessDisabled(endpoint: ExtensionEndpoint): Endpoint {
  return ({ extensions }, request, reply) => {
    if (extensions.areDisabled) sendText(reply, '404 Not Found', '')
    else endpoint(extensions, request, reply)
  }
}
