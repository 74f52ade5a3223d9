import type { ExtensionRefusal } from './extension-events.ts'
import type { ApiReply } from '../http/http-connection.ts'
import { sendError } from '../http/replies.ts'

/** Every error that an extension's request may get, in AWS's words (reference 5.4). */
export const emptyName = refusal('Extension.InvalidExtensionName', 'Empty extension name')
export const configurationKeys = invalidFormat('configurationKeys are deprecated; use environment variables instead')
export const registrationClosed = refusal('Extension.RegistrationClosed', 'Extension registration closed already')
export const nameTaken = refusal('Extension.InvalidExtensionState', 'Extension with this name already registered')
export const missingIdentifier = refusal(
  'Extension.MissingExtensionIdentifier',
  'Missing Lambda-Extension-Identifier header',
)
export const invalidIdentifier = refusal('Extension.InvalidExtensionIdentifier', 'Invalid Lambda-Extension-Identifier')
export const unknownReporter = refusal('Extension.UnknownExtensionIdentifier', 'Unknown Lambda-Extension-Identifier')
export const missingErrorType = refusal('Extension.MissingHeader', 'Lambda-Extension-Function-Error-Type not found')

export function invalidFormat(errorMessage: string): ExtensionRefusal {
  return refusal('InvalidRequestFormat', errorMessage)
}

export function invalidEvent(event: string, reason: string): ExtensionRefusal {
  return refusal('Extension.InvalidEventType', `${event}: ${reason}`)
}

export function tooManyExtensions(limit: number): ExtensionRefusal {
  return refusal('Extension.TooManyExtensions', `Extension limit (${String(limit)}) reached`)
}

export function unknownExtension(id: string): ExtensionRefusal {
  return refusal('Extension.UnknownExtensionIdentifier', `Unknown extension ${id}`)
}

/** Subscriptions are for the time of initialisation, and by one API for each extension. */
export function closedFor(api: 'telemetry' | 'logs'): ExtensionRefusal {
  const name = api === 'logs' ? 'Logs' : 'Telemetry'
  return refusal(`${name}.SubscriptionClosed`, `${name} API subscription is closed`)
}

/** The request comes in the wrong order. */
export function invalidMove(name: string, from: string, to: string): ExtensionRefusal {
  const text = `State transition from ${from} to ${to} failed for extension ${name}.`
  return refusal('Extension.InvalidExtensionState', `${text} Error: State transition is not allowed`)
}

/** 403 with the error as its body. */
export function refuse(reply: ApiReply, { errorType, errorMessage }: ExtensionRefusal): void {
  sendError(reply, '403 Forbidden', errorType, errorMessage)
}

function refusal(errorType: string, errorMessage: string): ExtensionRefusal {
  return { errorType, errorMessage }
}
