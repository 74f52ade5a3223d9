import { AnswerStream } from './answer-stream.ts'
import { interruption } from '../runs/faults.ts'
import type { InvocationRun } from '../runs/invocation-run.ts'
import type { Outbox } from '../channel/outbox.ts'
import { encodeFrame } from '../protocol/protocol.ts'
import type { BodySource } from '../runtime-api/http/answer-body.ts'
import type { Answer } from '../runtime-api/runtime-events.ts'

/** Tells the server what a run answered, once: a caller does not wait for what comes behind it. */
export function answerRun(outbox: Outbox, run: InvocationRun, answer: Answer): void {
  if (run.stream !== undefined) return run.stream.close(interruption(answer))
  if (run.isAnswered) return
  run.isAnswered = true
  const { body, contentType, errorType } = answer
  run.producedBytes = body.length
  if (outbox.telemetry !== undefined) run.answeredMs = performance.now()
  const { requestId } = run.invoke
  const failed = errorType === undefined ? {} : { functionError: 'Unhandled' as const }
  if (errorType !== undefined) run.errorType = errorType
  outbox.hold(encodeFrame({ type: 'response', requestId, contentType, ...failed }, body))
  if (run.invoke.isEvent !== true) outbox.release()
}

export interface StreamedRun {
  readonly contentType: string
  readonly source: BodySource
  /** The runtime has posted all of its answer. */
  readonly onPosted: () => void
}

/** Begins a run's streamed answer; undefined when its caller wants the whole. */
export function streamRun(outbox: Outbox, run: InvocationRun, options: StreamedRun): AnswerStream | undefined {
  if (run.invoke.streaming !== true || run.isAnswered) return undefined
  const { contentType, source } = options
  if (outbox.telemetry !== undefined) run.answeredMs = performance.now()
  const stream = new AnswerStream({
    requestId: run.invoke.requestId,
    contentType,
    source,
    outbox,
    onPosted: (error) => {
      run.isAnswered = true
      if (error !== undefined) run.errorType = error.errorType
      options.onPosted()
    },
  })
  run.stream = stream
  return stream
}
