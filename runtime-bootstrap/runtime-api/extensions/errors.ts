import type { ExtensionEvents } from './extension-events.ts'
import { identifierOf } from './identifier.ts'
import { missingErrorType, refuse, unknownReporter } from './refusals.ts'
import type { ApiReply, ApiRequest } from '../http/http-connection.ts'
import { sendAccepted } from '../http/replies.ts'

/** An extension reports an init error; the environment initialises again. */
export function extensionInitError(extensions: ExtensionEvents, request: ApiRequest, reply: ApiReply): void {
  report(extensions, request, reply, 'InitError')
}

/** An extension reports a fatal error; the environment initialises again. */
export function extensionExitError(extensions: ExtensionEvents, request: ApiRequest, reply: ApiReply): void {
  report(extensions, request, reply, 'ExitError')
}

function report(
  extensions: ExtensionEvents,
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
