import { readSubscription, type TelemetryApi } from './subscription-request.ts'
import type { ExtensionEvents } from './extension-events.ts'
import { identifierOf } from './identifier.ts'
import { refuse, unknownExtension } from './refusals.ts'
import type { ApiReply, ApiRequest } from '../http/http-connection.ts'
import { sendError, sendText } from '../http/replies.ts'

/** Subscribes an extension to the Telemetry API. */
export function telemetry(extensions: ExtensionEvents, request: ApiRequest, reply: ApiReply): void {
  subscribe('telemetry', extensions, request, reply)
}

/** Subscribes an extension to the older Logs API, which has fewer events. */
export function logs(extensions: ExtensionEvents, request: ApiRequest, reply: ApiReply): void {
  subscribe('logs', extensions, request, reply)
}

function subscribe(api: TelemetryApi, extensions: ExtensionEvents, request: ApiRequest, reply: ApiReply): void {
  const id = identifierOf(request, reply)
  if (id === undefined) return
  if (extensions.find(id) === undefined) return refuse(reply, unknownExtension(id))
  const subscription = readSubscription(api, request.body)
  const errorType = api === 'logs' ? 'Logs.ValidationError' : 'ValidationError'
  if ('invalid' in subscription) return sendError(reply, '400 Bad Request', errorType, subscription.invalid)
  const refusal = extensions.onSubscribe(id, subscription)
  if (refusal === undefined) sendText(reply, '200 OK', '"OK"')
  else refuse(reply, refusal)
}
