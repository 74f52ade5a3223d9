import type { Fault } from './faults.ts'
import { doneMessage, type InvocationRun, type Outcome } from './invocation-run.ts'
import type { Outbox } from './outbox.ts'
import {
  doneEvents,
  eventLine,
  extensionEvent,
  initDoneEvents,
  initStartEvent,
  startEvent,
  type InitOutcome,
  type PlatformEvent,
} from './platform-events.ts'
import {
  endLine,
  extensionLine,
  initReportLine,
  initStartLine,
  reportLine,
  startLine,
  timedOutLine,
} from './platform-lines.ts'
import type { ExtensionReport } from './platform-lines.ts'
import { encodeFrame, type Assignment } from './protocol.ts'

/** INIT_START; from here on the function's own lines are of the level that is configured. */
export function writeInitStart(outbox: Outbox, assignment: Assignment, phase: 'init' | 'invoke'): void {
  const { logging } = assignment
  if (logging === undefined) return outbox.log.line(initStartLine(assignment))
  outbox.log.keepFrom(logging.applicationLevel)
  writeEvents(outbox, logging, [initStartEvent(assignment, phase)])
}

/** EXTENSION for each, and INIT_REPORT: in text only when initialisation failed. */
export function writeInitReport(
  outbox: Outbox,
  assignment: Assignment,
  outcome: InitOutcome,
  extensions: readonly ExtensionReport[],
): void {
  const { logging } = assignment
  const { durationMs, phase, trouble } = outcome
  if (logging !== undefined) {
    return writeEvents(outbox, logging, [...extensions.map(extensionEvent), ...initDoneEvents(assignment, outcome)])
  }
  for (const extension of extensions) outbox.log.line(extensionLine(extension))
  if (trouble !== undefined) outbox.log.line(initReportLine(durationMs, phase, trouble))
}

/** START, once for each run. */
export function writeStart(outbox: Outbox, run: InvocationRun, { functionVersion, logging }: Assignment): void {
  if (run.isStartWritten) return
  run.isStartWritten = true
  const { requestId, functionArn } = run.invoke
  if (logging === undefined) outbox.log.line(startLine(requestId, functionVersion))
  else writeEvents(outbox, logging, [startEvent(requestId, functionArn, functionVersion)])
}

/** What went wrong in a run, unless the runtime said so itself; in JSON it is in the events of its end. */
export function writeFault(outbox: Outbox, { invoke }: InvocationRun, fault: Fault, assignment: Assignment): void {
  const { requestId } = invoke
  if (fault.answer !== undefined || assignment.logging !== undefined) return
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
  } else writeEvents(outbox, logging, doneEvents(done, memoryMb, run.producedBytes))
  const logTail = log.takeTail()
  outbox.flush(encodeFrame(logTail === undefined ? done : { ...done, logTail }))
}

function writeEvents(
  { log }: Outbox,
  { systemLevel }: NonNullable<Assignment['logging']>,
  events: readonly PlatformEvent[],
): void {
  const now = new Date()
  log.settle()
  for (const event of events) {
    const line = eventLine(event, systemLevel, now)
    if (line !== undefined) log.line(line)
  }
}
