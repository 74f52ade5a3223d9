/** How a streamed answer failed after its start. */
export interface StreamError {
  /** As the runtime calls it. */
  readonly errorType: string
  readonly body: Uint8Array
}

/** Takes the body of a streamed answer as it comes. */
export interface ResponseBody {
  write(piece: Buffer): void
  /** All of it came. */
  finish(error?: StreamError): void
  /** The rest will never come. */
  breakOff(): void
  /** More came than an answer may have; the caller knows already. */
  readonly isTooLarge: boolean
}

/** The sender of a body, which can be held back. */
export interface BodySource {
  pause(): void
  resume(): void
}
