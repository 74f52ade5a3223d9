import type { Failure } from './faults.ts'
import type { DoneMessage, InvokeMessage } from '../protocol/protocol.ts'
import type { StreamError } from '../runtime-api/http/response-body.ts'

/** A streamed answer on its way to the server. */
export interface RunStream {
  /** Ends a stream that broke off: no better reason will come. */
  endBroken(): void
  /** Tells the server the end; what the runtime sends after that is thrown away. */
  close(error?: StreamError): void
  /** The server has taken this much. */
  grant(bytes: number): void
}

/** One event on its way through this environment. */
export interface InvocationRun {
  readonly invoke: InvokeMessage
  readonly event: Uint8Array
  /** When its time began to run, on the monotonic clock; 0 while it waits for the first initialisation. */
  startedMs: number
  /** When its time is over, as milliseconds since 1970. */
  deadlineMs: number
  isStartWritten: boolean
  isResponseSent: boolean
  isRuntimeDoneWritten: boolean
  /** When its answer began, on the monotonic clock; known only where somebody wants to know. */
  respondedMs?: number
  /** How long the answer is, unless it is streamed. */
  producedBytes: number
  /** The answer, when the function streams it and the caller takes it so. */
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

/** The run's time begins. */
export function startClock(run: InvocationRun, timeoutMs: number): void {
  run.startedMs = performance.now()
  run.deadlineMs = Date.now() + timeoutMs
}

/** How a run went, apart from what the run itself knows. */
export interface Outcome {
  /** On the monotonic clock. */
  readonly endedMs: number
  readonly maxMemoryUsedMb: number
  readonly initDurationMs: number | undefined
  readonly fault: Failure | undefined
}

/** What the server is told when a run is over; durations have the two decimals that REPORT prints. AWS bills the initialisation, too. */
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
