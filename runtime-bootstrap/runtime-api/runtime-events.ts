import type { ResponseBody, BodySource } from './http/response-body.ts'
import type { ExtensionEvents } from './extensions/extension-events.ts'
import type { ApiReply, ApiRequest } from './http/http-connection.ts'

/** Where a runtime is in its life, in the words of AWS's messages. */
export type RuntimeState = 'Started' | 'Ready' | 'Running' | 'RuntimeResponseSentState'

/** What the runtime answered to an invocation. */
export interface RuntimeResponse {
  readonly body: Uint8Array
  readonly contentType: string
  /** Present when the function failed. */
  readonly errorType?: string
}

/** What the endpoints ask and tell the supervisor. */
export interface RuntimeEvents {
  state(): RuntimeState
  /** The request id of the invocation that waits for its answer. */
  currentId(): string | undefined
  /** The runtime asks for an event; the reply is kept until there is one. */
  onNext(reply: ApiReply): void
  onResponse(response: RuntimeResponse): void
  /** The running invocation's answer comes as a stream; undefined when all of it is to be collected. */
  onStream(contentType: string, source: BodySource): ResponseBody | undefined
  onInitError(response: RuntimeResponse): void
  readonly extensions: ExtensionEvents
}

/** Answers one kind of request; `id` is the request id in the path, where the path has one. */
export type Endpoint = (events: RuntimeEvents, request: ApiRequest, reply: ApiReply, id: string) => void
