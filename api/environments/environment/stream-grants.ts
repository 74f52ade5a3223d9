import { streamCost, streamWindowBytes } from '../../../runtime-bootstrap/protocol/response-limits.ts'
import type { AnswerSink } from './invocation.ts'

/** The streamed response of a call. */
export interface CallStream {
  readonly hasBegun: boolean
  begin(contentType: string): void
  pass(chunk: Uint8Array): void
}

/** Passes a streamed response to its sink; `grant` gets the number of bytes that were taken. */
export function streamTo(sink: AnswerSink, grant: (bytes: number) => void): CallStream {
  const pass = passChunks(sink, grant)
  let hasBegun = false
  return {
    get hasBegun() {
      return hasBegun
    },
    begin: (contentType) => {
      hasBegun = true
      sink.begin(contentType)
    },
    pass,
  }
}

/**
 * Passes chunks to the sink, and grants the function more bytes as they are taken, in few calls. The function can thus send only
 * a bounded number of bytes ahead of the caller.
 */
function passChunks(sink: AnswerSink, grant: (bytes: number) => void): (chunk: Uint8Array) => void {
  let owed = 0
  return (chunk) => {
    sink.write(chunk, () => {
      owed += streamCost(chunk)
      if (owed < streamWindowBytes / 4) return
      grant(owed)
      owed = 0
    })
  }
}
