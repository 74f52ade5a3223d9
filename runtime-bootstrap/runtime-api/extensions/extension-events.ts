import type { SubscriptionRequest } from './subscription-request.ts'
import type { ApiReply, ApiRequest } from '../http/http-connection.ts'

export const extensionEventTypes = ['INVOKE', 'SHUTDOWN'] as const
export type ExtensionEventType = (typeof extensionEventTypes)[number]

/** Why an extension's request is refused, without any effect. */
export interface ExtensionRefusal {
  readonly errorType: string
  readonly errorMessage: string
}

/** An extension as the endpoints know it. */
export interface RegisteredExtension {
  readonly id: string
  readonly name: string
}

/** The function's identity, returned at registration. */
export interface FunctionIdentity {
  readonly functionName: string
  readonly functionVersion: string
  readonly handler: string
  readonly accountId: string
}

/** The extensions as the endpoints see them. */
export interface ExtensionEvents {
  /** Whether the function's layers disable extensions. */
  readonly areDisabled: boolean
  identity(): FunctionIdentity
  find(id: string): RegisteredExtension | undefined
  register(name: string, events: readonly string[]): RegisteredExtension | ExtensionRefusal
  /** The extension asks for an event; the reply is held until there is one. */
  onNext(id: string, reply: ApiReply): ExtensionRefusal | undefined
  /** The extension subscribes to telemetry. */
  onSubscribe(id: string, request: SubscriptionRequest): ExtensionRefusal | undefined
  /** The extension reports a fatal error. */
  onError(id: string, kind: 'InitError' | 'ExitError', errorType: string): ExtensionRefusal | undefined
}

/** Handles one kind of request from an extension. */
export type ExtensionEndpoint = (extensions: ExtensionEvents, request: ApiRequest, reply: ApiReply) => void
