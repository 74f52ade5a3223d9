import type { ResponseBody, BodySource } from './http/response-body.ts'
import type { ExtensionEvents } from './extensions/extension-events.ts'
import type { ApiReply, ApiRequest } from './http/http-connection.ts'

/** The state of a runtime, in the words of AWS's messages. */
export type RuntimeState = 'Started' | 'Ready' | 'Running' | 'RuntimeResponseSentState'

/** The runtime's response to an invocation. */
export interface RuntimeResponse {
  readonly body: Uint8Array
  readonly contentType: string
  /** Present when the function failed. */
  readonly errorType?: string
}

/** The supervisor as the endpoints see it. */
export interface RuntimeEvents {
  state(): RuntimeState
  /** The request id of the invocation that still needs a response. */
  currentId(): string | undefined
  /** The runtime asks for an event; the reply is held until there is one. */
  onNext(reply: ApiReply): void
  onResponse(response: RuntimeResponse): void
  /** The runtime streams its response; undefined when the response must be buffered. */
  onStream(contentType: string, source: BodySource): ResponseBody | undefined
  onInitError(response: RuntimeResponse): void
  readonly extensions: ExtensionEvents
}

/** Handles one kind of request; `id` is the request id in the path, if any. */
export type Endpoint = (events: RuntimeEvents, request: ApiRequest, reply: ApiReply, id: string) => void
