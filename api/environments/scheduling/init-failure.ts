import { CapacityExhausted, RuntimeUnavailable } from '../driver/driver.ts'

/** Why a version has no initialised environment, as `StateReasonCode` and `StateReason`. */
export interface InitFailure {
  readonly code: string
  readonly reason: string
}

const codes: ReadonlyMap<string, string> = new Map([
  ['Runtime.InvalidEntrypoint', 'FunctionError.InvalidEntryPoint'],
  ['Runtime.OutOfMemory', 'FunctionError.InitResourceExhausted'],
  ['Sandbox.Timedout', 'FunctionError.InitTimeout'],
])

/** A failed initialisation, by its error type; AWS's texts are unknown. */
export function failureOfInit(errorType: string): InitFailure {
  const code = codes.get(errorType) ?? 'FunctionError.RuntimeInitError'
  return { code, reason: `The initialization of the function failed. Error type: ${errorType}` }
}

/** A launch that failed before the function was initialised. */
export function failureOfLaunch(cause: unknown): InitFailure {
  if (cause instanceof RuntimeUnavailable) return { code: 'InvalidRuntime', reason: cause.message }
  if (cause instanceof CapacityExhausted) return { code: 'InsufficientCapacity', reason: cause.message }
  return { code: 'InternalError', reason: 'No environment could be started. The server log has the details.' }
}
