import type { Failure } from '../runs/faults.ts'
import type { InitOutcome } from '../runs/initialisation.ts'
import type { InvocationRun } from '../runs/invocation-run.ts'
import type { ExtensionReport } from './platform-lines.ts'
import type { Assignment, DoneMessage, InvokeMessage } from '../protocol/protocol.ts'

/** A platform event: a line of a JSON log, and a record of the Telemetry API. */
export interface PlatformEvent {
  readonly type: string
  readonly level: 'DEBUG' | 'INFO' | 'WARN'
  readonly record: Readonly<Record<string, unknown>>
}

const levels = ['DEBUG', 'INFO', 'WARN']

/** The event's log line, unless its level is below the configured one. */
export function eventLine({ type, level, record }: PlatformEvent, systemLevel: string, now: Date): string | undefined {
  if (levels.indexOf(level) < levels.indexOf(systemLevel)) return undefined
  return JSON.stringify({ time: now.toISOString(), type, record })
}

/** INIT_START as an event. */
export function initStartEvent(assignment: Assignment, phase: 'init' | 'invoke'): PlatformEvent {
  const { runtimeVersion, runtimeVersionArn, functionName, functionVersion, variables, memoryMb } = assignment
  const record = {
    initializationType: initializationTypeOf(assignment),
    phase,
    runtimeVersion,
    runtimeVersionArn,
    functionName,
    functionVersion,
    instanceId: variables['AWS_LAMBDA_LOG_STREAM_NAME'],
    instanceMaxMemory: memoryMb * 1_048_576,
  }
  return { type: 'platform.initStart', level: 'INFO', record }
}

/** The events at the end of an initialisation. */
export function initDoneEvents(assignment: Assignment, { phase, durationMs, failure }: InitOutcome): PlatformEvent[] {
  const initializationType = initializationTypeOf(assignment)
  const record = { initializationType, phase, ...statusOf(failure) }
  const report = { ...record, metrics: { durationMs: thousandths(durationMs) } }
  const calm = initializationType === 'on-demand' ? 'DEBUG' : 'INFO'
  return [
    { type: 'platform.initRuntimeDone', level: failure === undefined ? 'DEBUG' : 'WARN', record },
    { type: 'platform.initReport', level: failure === undefined ? calm : 'WARN', record: report },
  ]
}

/** The state of an extension as an event. */
export function extensionEvent({ name, state, events, errorType }: ExtensionReport): PlatformEvent {
  const record = { name, state, events, ...(errorType === undefined ? {} : { errorType }) }
  return { type: 'platform.extension', level: errorType === undefined ? 'INFO' : 'WARN', record }
}

/** An extension's subscription as an event. */
export function subscriptionEvent(api: 'telemetry' | 'logs', name: string, types: readonly string[]): PlatformEvent {
  return { type: `platform.${api}Subscription`, level: 'INFO', record: { name, state: 'Subscribed', types } }
}

/** START as an event. */
export function startEvent({ invoke }: InvocationRun, version: string): PlatformEvent {
  const { requestId, functionArn } = invoke
  return { type: 'platform.start', level: 'INFO', record: { requestId, functionArn, version, ...tracingOf(invoke) } }
}

/** The runtime has finished a run while extensions may still be working. */
export function runtimeDoneEvent(run: InvocationRun, done: DoneMessage): PlatformEvent {
  const { requestId, status, durationMs } = done
  const metrics = { durationMs, producedBytes: run.producedBytes }
  const record = { requestId, ...statusFieldsOf(done), metrics, ...spansOf(run), ...tracingOf(run.invoke) }
  return { type: 'platform.runtimeDone', level: status === 'success' ? 'DEBUG' : 'WARN', record }
}

/** REPORT as an event. */
export function reportEvent(run: InvocationRun, done: DoneMessage, memorySizeMB: number): PlatformEvent {
  const { requestId, status, durationMs, billedDurationMs, maxMemoryUsedMb, initDurationMs } = done
  const metrics = {
    durationMs,
    billedDurationMs,
    memorySizeMB,
    maxMemoryUsedMB: maxMemoryUsedMb,
    ...(initDurationMs === undefined ? {} : { initDurationMs: thousandths(initDurationMs) }),
  }
  const record = { requestId, metrics, ...statusFieldsOf(done), ...tracingOf(run.invoke) }
  return { type: 'platform.report', level: status === 'success' ? 'INFO' : 'WARN', record }
}

function statusFieldsOf({ status, errorType }: DoneMessage) {
  return { status, ...(status === 'error' ? { errorType } : {}) }
}

function tracingOf({ traceId }: InvokeMessage) {
  return traceId === undefined || traceId === '' ? {} : { tracing: { type: 'X-Amzn-Trace-Id', value: traceId } }
}

/** The response latency, which is recorded only while extensions run. */
function spansOf({ startedMs, respondedMs }: InvocationRun) {
  if (respondedMs === undefined) return {}
  const start = new Date(performance.timeOrigin + startedMs).toISOString()
  return { spans: [{ name: 'responseLatency', start, durationMs: thousandths(respondedMs - startedMs) }] }
}

function initializationTypeOf({ variables }: Assignment): string {
  return variables['AWS_LAMBDA_INITIALIZATION_TYPE'] ?? 'on-demand'
}

function statusOf(failure: Failure | undefined) {
  if (failure === undefined) return { status: 'success' }
  const { status, errorType } = failure
  return status === 'timeout' ? { status } : { status, errorType }
}

function thousandths(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1000
}
