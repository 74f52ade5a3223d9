import { streamCost, streamWindowBytes } from '../../../runtime-bootstrap/protocol/protocol.ts'
import type { AnswerSink } from './invocation.ts'

/** Where the streamed answer of a call goes. */
export interface CallStream {
  readonly hasBegun: boolean
  begin(contentType: string): void
  pass(chunk: Uint8Array): void
}

/** Takes a streamed answer to its sink; `grant` is told how much of it was taken. */
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
 * Passes chunks on to the sink, and lets the function send on as they are taken: `grant` is told what was, in few calls. What
 * the function may send ahead is bounded, whatever the caller's speed.
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
