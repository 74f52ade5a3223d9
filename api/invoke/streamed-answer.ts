import { Readable } from 'node:stream'
import type { AnswerSink, InvocationResult } from '../environments/environment/invocation.ts'

/** An answer whose bytes come while the function runs. */
export interface StreamedAnswer {
  readonly contentType: string
  /** The function failed and has written nothing: the body is empty, and `end` has the error. */
  readonly hasFailed: boolean
  /**
   * The function's bytes. It ends without an error also when the answer broke off: `end` tells. A reader that is slow holds the
   * function back; one that destroys the body leaves the function to run on and its answer to nobody.
   */
  readonly body: Readable
  /** How the answer ended; settles when the body does. Rejects when that was our fault. */
  readonly end: Promise<AnswerEnd>
}

export interface AnswerEnd {
  /** Why the function failed, before its first byte or after. */
  readonly error?: StreamFailure
  /** Base64 of the log's last 4 KB, when it was asked for. */
  readonly logTail?: string
}

export interface StreamFailure {
  /** `Unhandled` before the first byte; after it the type that the runtime or the service gave. */
  readonly code: string
  /** The error as JSON text, as the runtime or the service wrote it. */
  readonly details: string
}

/** Runs an invocation that takes a sink; resolves with its first byte, or with all of an answer that is not streamed. */
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
    // In a later turn than its start, so that `end` is there when the answer is.
    const end: Promise<AnswerEnd> = Promise.resolve(sink).then(run).then(finish, fail)
    end.catch(() => undefined)
  })
}

/**
 * What a caller is sent of an answer, made of it piece by piece. When the caller goes away the answer's body is given up, also before
 * anybody began to read it: a generator that never started does not learn of its end.
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

/** Bytes on their way to a reader: more than a few are not taken before it reads. */
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
