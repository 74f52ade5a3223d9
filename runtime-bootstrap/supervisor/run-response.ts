import { ResponseStream } from './response-stream.ts'
import { interruption } from '../runs/faults.ts'
import type { InvocationRun } from '../runs/invocation-run.ts'
import type { Outbox } from '../channel/outbox.ts'
import { encodeFrame } from '../protocol/protocol.ts'
import type { BodySource } from '../runtime-api/http/response-body.ts'
import type { RuntimeResponse } from '../runtime-api/runtime-events.ts'

/** Sends a run's response to the server, once, without waiting for the end of the run. */
export function sendResponse(outbox: Outbox, run: InvocationRun, response: RuntimeResponse): void {
  if (run.stream !== undefined) return run.stream.close(interruption(response))
  if (run.isResponseSent) return
  run.isResponseSent = true
  const { body, contentType, errorType } = response
  run.producedBytes = body.length
  if (outbox.telemetry !== undefined) run.respondedMs = performance.now()
  const { requestId } = run.invoke
  const failed = errorType === undefined ? {} : { functionError: 'Unhandled' as const }
  if (errorType !== undefined) run.errorType = errorType
  outbox.hold(encodeFrame({ type: 'response', requestId, contentType, ...failed }, body))
  if (run.invoke.isEvent !== true) outbox.release()
}

export interface StreamedRun {
  readonly contentType: string
  readonly source: BodySource
  /** The runtime has posted its whole response. */
  readonly onPosted: () => void
}

/** Opens a run's streamed response; undefined when the caller wants a buffered one. */
export function streamRun(outbox: Outbox, run: InvocationRun, options: StreamedRun): ResponseStream | undefined {
  if (run.invoke.streaming !== true || run.isResponseSent) return undefined
  const { contentType, source } = options
  if (outbox.telemetry !== undefined) run.respondedMs = performance.now()
  const stream = new ResponseStream({
    requestId: run.invoke.requestId,
    contentType,
    source,
    outbox,
    onPosted: (error) => {
      run.isResponseSent = true
      if (error !== undefined) run.errorType = error.errorType
      options.onPosted()
    },
  })
  run.stream = stream
  return stream
}
