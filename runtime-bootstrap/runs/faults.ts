import type { ProcessExit } from '../processes/process-group.ts'
import { maxStreamedBytes } from '../protocol/response-limits.ts'
import type { StreamError } from '../runtime-api/http/response-body.ts'
import type { RuntimeResponse } from '../runtime-api/runtime-events.ts'

/** Why an invocation or an initialisation failed. */
export interface Failure {
  readonly status: 'error' | 'timeout'
  readonly errorType: string
}

/** A fault that ended an environment's processes, or kept them from starting. */
export interface Fault extends Failure {
  /** What happened, in AWS's words. */
  readonly reason: string
  /** The error that the runtime itself reported; callers get it instead. */
  readonly response?: RuntimeResponse
}

/** How long a runtime may take to exit by itself after it has reported an init error. */
export const initErrorGraceMs = 500

/** The names that AWS prints for signals. */
const signalNames: Readonly<Record<string, string>> = {
  SIGABRT: 'aborted',
  SIGALRM: 'alarm clock',
  SIGBUS: 'bus error',
  SIGFPE: 'floating point exception',
  SIGHUP: 'hangup',
  SIGILL: 'illegal instruction',
  SIGINT: 'interrupt',
  SIGKILL: 'killed',
  SIGPIPE: 'broken pipe',
  SIGQUIT: 'quit',
  SIGSEGV: 'segmentation fault',
  SIGSYS: 'bad system call',
  SIGTERM: 'terminated',
  SIGTRAP: 'trace/breakpoint trap',
  SIGUSR1: 'user defined signal 1',
  SIGUSR2: 'user defined signal 2',
}

export function timeoutFault(timeoutMs: number): Fault {
  return {
    status: 'timeout',
    errorType: 'Sandbox.Timedout',
    reason: timeoutReason(timeoutMs),
  }
}

/** The configured timeout as AWS prints it. */
export function timeoutReason(timeoutMs: number): string {
  return `Task timed out after ${(timeoutMs / 1000).toFixed(2)} seconds`
}

export const outOfMemory: Fault = {
  status: 'error',
  errorType: 'Runtime.OutOfMemory',
  reason: 'Runtime exited with error: signal: killed',
}

export function initErrorFault(response: RuntimeResponse): Fault {
  const errorType = response.errorType ?? 'Runtime.Unknown'
  return { status: 'error', errorType, reason: 'Runtime failed to initialize', response }
}

export function exitFault(exit: ProcessExit): Fault {
  if (exit.launchError !== undefined) {
    return { status: 'error', errorType: 'Runtime.InvalidEntrypoint', reason: exit.launchError }
  }
  return { status: 'error', errorType: 'Runtime.ExitError', reason: exitReason(exit) }
}

/** An external extension exited, or could not be started. */
export function extensionExitFault(exit: ProcessExit): Fault {
  const { launchError } = exit
  if (launchError !== undefined) return { status: 'error', errorType: 'Extension.LaunchError', reason: launchError }
  return { status: 'error', errorType: 'Extension.Crash', reason: exitText(exit) }
}

/** An extension reported an error. */
export function extensionErrorFault(kind: 'InitError' | 'ExitError', reason: string): Fault {
  return { status: 'error', errorType: `Extension.${kind}`, reason }
}

function exitReason(exit: ProcessExit): string {
  if (exit.code === 0) return 'Runtime exited without providing a reason'
  return `Runtime exited with error: ${exitText(exit)}`
}

function exitText({ code, signal }: ProcessExit): string {
  if (signal !== null) return `signal: ${signalNames[signal] ?? signal.toLowerCase()}`
  return `exit status ${String(code)}`
}

/** A stream that ended early while its runtime goes on running. */
export const streamBroken: StreamError = streamError({
  errorType: 'Runtime.TruncatedResponse',
  errorMessage: 'HTTP request detected as truncated',
})

export const streamTooLarge: StreamError = streamError({
  errorMessage: `Response payload size exceeded maximum allowed payload size (${String(maxStreamedBytes)} bytes).`,
  errorType: 'Function.ResponseSizeTooLarge',
})

function streamError(error: { readonly errorType: string; readonly errorMessage: string }): StreamError {
  return { errorType: error.errorType, body: Buffer.from(JSON.stringify(error)) }
}

/** A fault in the middle of a stream: AWS names the reason for the reset, and the body holds the fault. */
export function interruption(response: RuntimeResponse): StreamError {
  const errorType = response.errorType === 'Sandbox.Timedout' ? response.errorType : 'Sandbox.Failure'
  return { errorType, body: response.body }
}

/** The error response for the caller. */
export function responseOf(fault: Fault, requestId: string): RuntimeResponse {
  if (fault.response !== undefined) return fault.response
  const { errorType, reason } = fault
  const body = JSON.stringify({ errorType, errorMessage: `RequestId: ${requestId} Error: ${reason}` })
  return { body: Buffer.from(body), contentType: 'application/json', errorType }
}
