import { identifierOf } from './extension-identifier.ts'
import { missingErrorType, refuse, unknownReporter } from './extension-refusals.ts'
import type { ApiReply, ApiRequest } from './http-connection.ts'
import { sendAccepted } from './replies.ts'
import type { RuntimeEvents } from './runtime-events.ts'

/** An extension could not get ready; the environment begins anew. */
export function extensionInitError(events: RuntimeEvents, request: ApiRequest, reply: ApiReply): void {
  report(events, request, reply, 'InitError')
}

/** An extension cannot go on; the environment begins anew. */
export function extensionExitError(events: RuntimeEvents, request: ApiRequest, reply: ApiReply): void {
  report(events, request, reply, 'ExitError')
}

function report(
  { extensions }: RuntimeEvents,
  request: ApiRequest,
  reply: ApiReply,
  kind: 'InitError' | 'ExitError',
): void {
  const id = identifierOf(request, reply)
  if (id === undefined) return
  if (extensions.find(id) === undefined) return refuse(reply, unknownReporter)
  const errorType = request.headers.get('lambda-extension-function-error-type') ?? ''
  if (errorType === '') return refuse(reply, missingErrorType)
  const refusal = extensions.onError(id, kind, errorType)
  if (refusal === undefined) sendAccepted(reply)
  else refuse(reply, refusal)
}
