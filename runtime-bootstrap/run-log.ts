import type { Fault } from './faults.ts'
import { doneMessage, type InvocationRun, type Outcome } from './invocation-run.ts'
import type { Outbox } from './outbox.ts'
import { endLine, reportLine, startLine, timedOutLine } from './platform-lines.ts'
import { encodeFrame, type Assignment } from './protocol.ts'

/** START, once for each run. */
export function writeStart(outbox: Outbox, run: InvocationRun, { functionVersion }: Assignment): void {
  if (run.isStartWritten) return
  run.isStartWritten = true
  outbox.log.line(startLine(run.invoke.requestId, functionVersion))
}

/** What went wrong in a run, unless the runtime said so itself. */
export function writeFault(outbox: Outbox, { invoke }: InvocationRun, fault: Fault, { timeoutMs }: Assignment): void {
  const { requestId } = invoke
  if (fault.answer !== undefined) return
  if (fault.status === 'timeout') outbox.log.line(timedOutLine(requestId, timeoutMs, new Date()))
  else outbox.log.line(`RequestId: ${requestId} Error: ${fault.reason}\n${fault.errorType}`)
}

/** END and REPORT; then all of the log leaves, and `done` behind it. */
export function writeReport(outbox: Outbox, run: InvocationRun, outcome: Outcome, { memoryMb }: Assignment): void {
  const done = doneMessage(run, outcome)
  const { log } = outbox
  log.line(endLine(done.requestId))
  log.line(reportLine(done, memoryMb, outcome.fault))
  const logTail = log.takeTail()
  outbox.flush(encodeFrame(logTail === undefined ? done : { ...done, logTail }))
}
