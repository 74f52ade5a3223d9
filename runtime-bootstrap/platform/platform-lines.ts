import { timeoutReason, type Failure } from '../runs/faults.ts'
import type { Assignment, DoneMessage } from '../protocol/protocol.ts'

export function initStartLine({ runtimeVersion, runtimeVersionArn }: Assignment): string {
  return `INIT_START Runtime Version: ${runtimeVersion}\tRuntime Version ARN: ${runtimeVersionArn}`
}

/** Written only when initialisation failed. */
export function initReportLine(durationMs: number, phase: 'init' | 'invoke', failure: Failure): string {
  return `INIT_REPORT Init Duration: ${durationMs.toFixed(2)} ms\tPhase: ${phase}\t${statusFields(failure)}`
}

/** The state of an extension at the end of an initialisation. */
export interface ExtensionReport {
  readonly name: string
  readonly state: string
  readonly events: readonly string[]
  /** Set when it failed. */
  readonly errorType?: string
}

export function extensionLine({ name, state, events, errorType }: ExtensionReport): string {
  const failure = errorType === undefined ? '' : `\tError Type: ${errorType}`
  return `EXTENSION\tName: ${name}\tState: ${state}\tEvents: [${events.join(', ')}]${failure}`
}

/** An extension's subscription; `types` as in its request. */
export function subscriptionLine(api: 'telemetry' | 'logs', name: string, types: readonly string[]): string {
  const shown = types.map((type) => type.charAt(0).toUpperCase() + type.slice(1))
  return `${api.toUpperCase()}\tName: ${name}\tState: Subscribed\tTypes: [${shown.join(', ')}]`
}

export function startLine(requestId: string, version: string): string {
  return `START RequestId: ${requestId} Version: ${version}`
}

export function endLine(requestId: string): string {
  return `END RequestId: ${requestId}`
}

/** On success REPORT ends with a tab, as on AWS. */
export function reportLine(done: DoneMessage, memoryMb: number, failure: Failure | undefined): string {
  const { requestId, durationMs, billedDurationMs, maxMemoryUsedMb, initDurationMs } = done
  return (
    `REPORT RequestId: ${requestId}\tDuration: ${durationMs.toFixed(2)} ms\t` +
    `Billed Duration: ${String(billedDurationMs)} ms\tMemory Size: ${String(memoryMb)} MB\t` +
    `Max Memory Used: ${String(maxMemoryUsedMb)} MB\t` +
    (initDurationMs === undefined ? '' : `Init Duration: ${initDurationMs.toFixed(2)} ms\t`) +
    (failure === undefined ? '' : statusFields(failure))
  )
}

export function timedOutLine(requestId: string, timeoutMs: number, now: Date): string {
  return `${now.toISOString()} ${requestId} ${timeoutReason(timeoutMs)}\n`
}

function statusFields({ status, errorType }: Failure): string {
  return status === 'timeout' ? 'Status: timeout' : `Status: error\tError Type: ${errorType}`
}
