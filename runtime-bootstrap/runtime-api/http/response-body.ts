/** The error of a streamed response that failed after its start. */
export interface StreamError {
  /** As the runtime calls it. */
  readonly errorType: string
  readonly body: Uint8Array
}

/** Consumes the body of a streamed response. */
export interface ResponseBody {
  write(piece: Buffer): void
  /** The body is complete. */
  finish(error?: StreamError): void
  /** The connection broke before the body was complete. */
  breakOff(): void
  /** The body exceeded the maximum size; the caller has received the error. */
  readonly isTooLarge: boolean
}

/** The sender of a body, which can be paused. */
export interface BodySource {
  pause(): void
  resume(): void
}
