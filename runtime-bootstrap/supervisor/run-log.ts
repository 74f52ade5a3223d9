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

/** INIT_START; from here on the function's own lines are of the level that is configured. */
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

/** EXTENSION for each, and INIT_REPORT: in text only when initialisation failed. */
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

/** START, once for each run. */
export function writeStart(outbox: Outbox, run: InvocationRun, assignment: Assignment): void {
  if (run.isStartWritten) return
  run.isStartWritten = true
  const { functionVersion, logging } = assignment
  if (logging === undefined) outbox.log.line(startLine(run.invoke.requestId, functionVersion))
  if (isPublished(outbox, assignment)) publish(outbox, assignment, [startEvent(run, functionVersion)])
}

/** The runtime is done, and extensions may still be at work; without them this comes with REPORT. */
export function writeRuntimeDone(outbox: Outbox, run: InvocationRun, outcome: Outcome, assignment: Assignment): void {
  if (run.isRuntimeDoneWritten) return
  run.isRuntimeDoneWritten = true
  if (isPublished(outbox, assignment))
    publish(outbox, assignment, [runtimeDoneEvent(run, doneMessage(run, outcome, assignment.timeoutMs))])
}

/** What went wrong in a run, behind its START, unless the runtime said so itself; in JSON it is in the events of its end. */
export function writeFault(outbox: Outbox, run: InvocationRun, fault: Fault, assignment: Assignment): void {
  const { requestId } = run.invoke
  writeStart(outbox, run, assignment)
  if (fault.response !== undefined || assignment.logging !== undefined) return
  if (fault.status === 'timeout') outbox.log.line(timedOutLine(requestId, assignment.timeoutMs, new Date()))
  else outbox.log.line(`RequestId: ${requestId} Error: ${fault.reason}\n${fault.errorType}`)
}

/** END and REPORT; then all of the log leaves, and `done` behind it. */
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

/** Tells extensions that initialisation failed before they end with all the rest; the log says it when they have. */
export function publishInitFault(
  { telemetry }: Outbox,
  assignment: Assignment,
  outcome: InitOutcome,
  extensions: readonly ExtensionReport[],
): void {
  telemetry?.events([...extensions.map(extensionEvent), ...initDoneEvents(assignment, outcome)])
}

/** The same of a run that failed. */
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

/** Whether anybody takes events: a log in JSON, or extensions. */
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
