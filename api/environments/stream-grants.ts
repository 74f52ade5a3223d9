import { streamCost, streamWindowBytes } from '../../runtime-bootstrap/protocol.ts'
import type { AnswerSink } from './invocation.ts'

/**
 * Passes chunks on to the sink, and lets the function send on as they are taken: `grant` is told what was, in few calls. What
 * the function may send ahead is bounded, whatever the caller's speed.
 */
export function passChunks(sink: AnswerSink, grant: (bytes: number) => void): (chunk: Uint8Array) => void {
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
