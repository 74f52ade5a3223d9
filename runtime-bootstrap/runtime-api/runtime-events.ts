import type { ApiReply } from './http-connection.ts'

/** Where a runtime is in its life, in the words of AWS's messages. */
export type RuntimeState = 'Started' | 'Ready' | 'Running' | 'RuntimeResponseSentState'

/** What the runtime answered to an invocation. */
export interface Answer {
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
  onAnswer(answer: Answer): void
  onInitError(answer: Answer): void
}
