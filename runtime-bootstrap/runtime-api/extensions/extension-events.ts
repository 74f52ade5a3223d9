import type { SubscriptionRequest } from './subscription-request.ts'
import type { ApiReply, ApiRequest } from '../http/http-connection.ts'

export const extensionEventTypes = ['INVOKE', 'SHUTDOWN'] as const
export type ExtensionEventType = (typeof extensionEventTypes)[number]

/** Why a request of an extension is not granted; it has changed nothing. */
export interface ExtensionRefusal {
  readonly errorType: string
  readonly errorMessage: string
}

/** An extension as the endpoints know it. */
export interface RegisteredExtension {
  readonly id: string
  readonly name: string
}

/** What the function is called, for those who register. */
export interface FunctionIdentity {
  readonly functionName: string
  readonly functionVersion: string
  readonly handler: string
  readonly accountId: string
}

/** What the endpoints of extensions ask and tell. */
export interface ExtensionEvents {
  /** Whether the function's layers switch extensions off. */
  readonly areDisabled: boolean
  identity(): FunctionIdentity
  find(id: string): RegisteredExtension | undefined
  register(name: string, events: readonly string[]): RegisteredExtension | ExtensionRefusal
  /** It asks for an event; the reply is kept until there is one. */
  onNext(id: string, reply: ApiReply): ExtensionRefusal | undefined
  /** It wants to be sent what happens. */
  onSubscribe(id: string, request: SubscriptionRequest): ExtensionRefusal | undefined
  /** It cannot go on, and says why. */
  onError(id: string, kind: 'InitError' | 'ExitError', errorType: string): ExtensionRefusal | undefined
}

/** Answers one kind of an extension's requests. */
export type ExtensionEndpoint = (extensions: ExtensionEvents, request: ApiRequest, reply: ApiReply) => void
