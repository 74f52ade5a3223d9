import type { Fault } from '../runs/faults.ts'
import type { InitOutcome } from '../runs/initialisation.ts'
import { doneMessage, type InvocationRun, type Outcome } from '../runs/invocation-run.ts'
import type { Outbox } from '../channel/outbox.ts'
import {
  eventLine,
  extensionEvent,
  initDoneEvents,
  initStartEvent,
  reportEvent,
  runtimeDoneEvent,
  startEvent,
  subscriptionEvent,
  type PlatformEvent,
} from '../platform/platform-events.ts'
import {
  endLine,
  extensionLine,
  initReportLine,
  initStartLine,
  reportLine,
  startLine,
  subscriptionLine,
  timedOutLine,
  type ExtensionReport,
} from '../platform/platform-lines.ts'
import { encodeFrame, type Assignment, type DoneMessage } from '../protocol/protocol.ts'
import type { SubscriptionRequest } from '../runtime-api/extensions/subscription-request.ts'

/** INIT_START. From here on the configured log level applies to the function's lines. */
export function writeInitStart(outbox: Outbox, assignment: Assignment, phase: 'init' | 'invoke'): void {
  const { logging } = assignment
  if (logging === undefined) outbox.log.line(initStartLine(assignment))
  else outbox.log.setLevel(logging.applicationLevel)
  if (isPublished(outbox, assignment)) publish(outbox, assignment, [initStartEvent(assignment, phase)])
}

/** TELEMETRY or LOGS. */
export function writeSubscription(
  outbox: Outbox,
  assignment: Assignment,
  name: string,
  { api, types }: SubscriptionRequest,
): void {
  if (assignment.logging === undefined) outbox.log.line(subscriptionLine(api, name, types))
  if (isPublished(outbox, assignment)) publish(outbox, assignment, [subscriptionEvent(api, name, types)])
}

/** EXTENSION for each extension, and INIT_REPORT, which a text log has only when initialisation failed. */
export function writeInitReport(
  outbox: Outbox,
  assignment: Assignment,
  outcome: InitOutcome,
  extensions: readonly ExtensionReport[],
): void {
  const { durationMs, phase, failure } = outcome
  if (assignment.logging === undefined) {
    for (const extension of extensions) outbox.log.line(extensionLine(extension))
    if (failure !== undefined) outbox.log.line(initReportLine(durationMs, phase, failure))
  }
  if (isPublished(outbox, assignment))
    publish(outbox, assignment, [...extensions.map(extensionEvent), ...initDoneEvents(assignment, outcome)])
}

/** START, once per run. */
export function writeStart(outbox: Outbox, run: InvocationRun, assignment: Assignment): void {
  if (run.isStartWritten) return
  run.isStartWritten = true
  const { functionVersion, logging } = assignment
  if (logging === undefined) outbox.log.line(startLine(run.invoke.requestId, functionVersion))
  if (isPublished(outbox, assignment)) publish(outbox, assignment, [startEvent(run, functionVersion)])
}

/** The runtime has finished while extensions may still be working. Without extensions this is written with REPORT. */
export function writeRuntimeDone(outbox: Outbox, run: InvocationRun, outcome: Outcome, assignment: Assignment): void {
  if (run.isRuntimeDoneWritten) return
  run.isRuntimeDoneWritten = true
  if (isPublished(outbox, assignment))
    publish(outbox, assignment, [runtimeDoneEvent(run, doneMessage(run, outcome, assignment.timeoutMs))])
}

/** A run's fault, after its START line, unless the runtime reported it itself. A JSON log has it in the run's final events. */
export function writeFault(outbox: Outbox, run: InvocationRun, fault: Fault, assignment: Assignment): void {
  const { requestId } = run.invoke
  writeStart(outbox, run, assignment)
  if (fault.response !== undefined || assignment.logging !== undefined) return
  if (fault.status === 'timeout') outbox.log.line(timedOutLine(requestId, assignment.timeoutMs, new Date()))
  else outbox.log.line(`RequestId: ${requestId} Error: ${fault.reason}\n${fault.errorType}`)
}

/** END and REPORT; then sends the whole log, followed by `done`. */
export function writeReport(outbox: Outbox, run: InvocationRun, outcome: Outcome, assignment: Assignment): void {
  const done = doneMessage(run, outcome, assignment.timeoutMs)
  const { log } = outbox
  const { memoryMb, logging } = assignment
  if (logging === undefined) {
    log.line(endLine(done.requestId))
    log.line(reportLine(done, memoryMb, outcome.fault))
  }
  if (isPublished(outbox, assignment)) publish(outbox, assignment, doneEvents(run, done, memoryMb))
  run.isRuntimeDoneWritten = true
  const logTail = log.takeTail()
  outbox.flush(encodeFrame(logTail === undefined ? done : { ...done, logTail }))
}

/** Publishes a failed initialisation to extensions before all processes end. The log gets it afterwards. */
export function publishInitFault(
  { telemetry }: Outbox,
  assignment: Assignment,
  outcome: InitOutcome,
  extensions: readonly ExtensionReport[],
): void {
  telemetry?.events([...extensions.map(extensionEvent), ...initDoneEvents(assignment, outcome)])
}

/** Publishes a failed run to extensions, likewise. */
export function publishRunFault(
  { telemetry }: Outbox,
  run: InvocationRun,
  outcome: Outcome,
  assignment: Assignment,
): void {
  const done = doneMessage(run, outcome, assignment.timeoutMs)
  telemetry?.events(doneEvents(run, done, assignment.memoryMb))
}

function doneEvents(run: InvocationRun, done: DoneMessage, memoryMb: number): PlatformEvent[] {
  const report = reportEvent(run, done, memoryMb)
  return run.isRuntimeDoneWritten ? [report] : [runtimeDoneEvent(run, done), report]
}

/** Whether events have a consumer: a JSON log, or extensions. */
function isPublished({ telemetry }: Outbox, { logging }: Assignment): boolean {
  return logging !== undefined || telemetry !== undefined
}

function publish({ log, telemetry }: Outbox, { logging }: Assignment, events: readonly PlatformEvent[]): void {
  telemetry?.events(events)
  if (logging === undefined) return
  const now = new Date()
  log.endOutputLine()
  for (const event of events) {
    const line = eventLine(event, logging.systemLevel, now)
    if (line !== undefined) log.line(line)
  }
}
