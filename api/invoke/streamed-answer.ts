import { Readable } from 'node:stream'
import type { AnswerSink, InvocationResult } from '../environments/environment/invocation.ts'

/** A response that is read while the function runs. */
export interface StreamedAnswer {
  readonly contentType: string
  /** The function failed and has written nothing: the body is empty, and `end` has the error. */
  readonly hasFailed: boolean
  /**
   * The bytes of the function. It ends without an error even when the response was interrupted: see `end`. A slow reader applies
   * backpressure to the function; after a reader destroys the body, the function runs on and its output is discarded.
   */
  readonly body: Readable
  /** How the response ended; settles with the body. Rejects on an internal error. */
  readonly end: Promise<AnswerEnd>
}

export interface AnswerEnd {
  /** Why the function failed, before its first byte or after. */
  readonly error?: StreamFailure
  /** Base64 of the log's last 4 KB, when it was requested. */
  readonly logTail?: string
}

export interface StreamFailure {
  /** `Unhandled` before the first byte; after it the type that the runtime or the service gave. */
  readonly code: string
  /** The error as JSON text, as the runtime or the service wrote it. */
  readonly details: string
}

/** Runs an invocation with a sink; resolves with its first byte, or with the whole response when it is not streamed. */
export function streamAnswer(run: (sink: AnswerSink) => Promise<InvocationResult>): Promise<StreamedAnswer> {
  const body = new AnswerBody()
  return new Promise((resolve, reject) => {
    let hasBegun = false
    const finish = (result: InvocationResult): AnswerEnd => {
      const error = failureOf(result)
      if (!hasBegun && error === undefined) body.push(result.payload)
      body.push(null)
      resolve({ contentType: result.contentType, hasFailed: error !== undefined, body, end })
      const { logTail } = result
      return { ...(error === undefined ? {} : { error }), ...(logTail === undefined ? {} : { logTail }) }
    }
    const fail = (reason: Error): never => {
      body.push(null)
      reject(reason)
      throw reason
    }
    const begin = (contentType: string): void => {
      hasBegun = true
      resolve({ contentType, hasFailed: false, body, end })
    }
    const sink: AnswerSink = { begin, write: (bytes, taken) => body.receive(bytes, taken) }
    // Starts in a later microtask, so that `end` is set when the response arrives.
    const end: Promise<AnswerEnd> = Promise.resolve(sink).then(run).then(finish, fail)
    end.catch(() => undefined)
  })
}

/**
 * A stream for the caller, generated from a response piece by piece. When the caller disconnects, the body is destroyed, even before
 * it was read: a generator that never started is not notified.
 */
export function readableOf(
  answer: StreamedAnswer,
  piecesOf: (answer: StreamedAnswer) => AsyncIterable<Buffer>,
): Readable {
  const stream = Readable.from(piecesOf(answer), { objectMode: false })
  return stream.once('close', () => answer.body.destroy())
}

function failureOf({ functionError, errorType, payload }: InvocationResult): StreamFailure | undefined {
  if (functionError === undefined) return undefined
  return { code: errorType ?? functionError, details: Buffer.from(payload).toString() }
}

const bufferedBytes = 65_536

/** A bounded buffer of bytes for a reader. */
class AnswerBody extends Readable {
  #waiting: (() => void)[] = []

  constructor() {
    super({ highWaterMark: bufferedBytes })
  }

  receive(bytes: Uint8Array, taken: () => void): void {
    if (this.destroyed || this.push(bytes)) taken()
    else this.#waiting.push(taken)
  }

  override _read(): void {
    for (const taken of this.#waiting.splice(0)) taken()
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this._read()
    callback(error)
  }
}
