import type { Failure } from './faults.ts'
import type { DoneMessage, InvokeMessage } from '../protocol/protocol.ts'
import type { StreamError } from '../runtime-api/http/response-body.ts'

/** A streamed response being forwarded to the server. */
export interface RunStream {
  /** Ends a stream that broke off, without waiting for a better reason. */
  endBroken(): void
  /** Sends the end to the server; further bytes from the runtime are dropped. */
  close(error?: StreamError): void
  /** The server has acknowledged this much. */
  grant(bytes: number): void
}

/** One invocation in this environment. */
export interface InvocationRun {
  readonly invoke: InvokeMessage
  readonly event: Uint8Array
  /** When its timeout began to run, on the monotonic clock; 0 while it waits for the first initialisation. */
  startedMs: number
  /** Its deadline, in milliseconds since 1970. */
  deadlineMs: number
  isStartWritten: boolean
  isResponseSent: boolean
  isRuntimeDoneWritten: boolean
  /** When its response began, on the monotonic clock; recorded only while extensions run. */
  respondedMs?: number
  /** Size of the response, unless it is streamed. */
  producedBytes: number
  /** The response, when the function streams it and the caller accepts a stream. */
  stream?: RunStream
  /** The error that the function itself reported. */
  errorType?: string
}

export function newRun(invoke: InvokeMessage, event: Uint8Array): InvocationRun {
  return {
    invoke,
    event,
    startedMs: 0,
    deadlineMs: 0,
    isStartWritten: false,
    isResponseSent: false,
    isRuntimeDoneWritten: false,
    producedBytes: 0,
  }
}

/** Starts the run's timeout. */
export function startClock(run: InvocationRun, timeoutMs: number): void {
  run.startedMs = performance.now()
  run.deadlineMs = Date.now() + timeoutMs
}

/** The outcome of a run, apart from what `InvocationRun` holds. */
export interface Outcome {
  /** On the monotonic clock. */
  readonly endedMs: number
  readonly maxMemoryUsedMb: number
  readonly initDurationMs: number | undefined
  readonly fault: Failure | undefined
}

/** The `done` message of a run. Durations have two decimals, as in REPORT. AWS bills the initialisation, too. */
export function doneMessage(run: InvocationRun, outcome: Outcome, timeoutMs: number): DoneMessage {
  const { fault, initDurationMs, maxMemoryUsedMb } = outcome
  const errorType = fault?.errorType ?? run.errorType
  const spentMs = fault?.status === 'timeout' ? timeoutMs : outcome.endedMs - run.startedMs
  const durationMs = Math.round(spentMs * 100) / 100
  return {
    type: 'done',
    requestId: run.invoke.requestId,
    status: fault?.status ?? (run.errorType === undefined ? 'success' : 'failure'),
    durationMs,
    billedDurationMs: Math.ceil(durationMs + (initDurationMs ?? 0)),
    maxMemoryUsedMb,
    ...(errorType === undefined ? {} : { errorType }),
    ...(initDurationMs === undefined ? {} : { initDurationMs }),
  }
}
