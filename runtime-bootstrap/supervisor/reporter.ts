import type { Fault } from '../runs/faults.ts'
import { Initialisation, type InitOutcome } from '../runs/initialisation.ts'
import type { InvocationRun, Outcome } from '../runs/invocation-run.ts'
import type { MemoryWatch } from '../processes/memory.ts'
import type { Outbox } from '../channel/outbox.ts'
import type { ExtensionReport } from '../platform/platform-lines.ts'
import type { Assignment } from '../protocol/protocol.ts'
import {
  publishInitFault,
  publishRunFault,
  writeFault,
  writeInitReport,
  writeInitStart,
  writeReport,
  writeRuntimeDone,
  writeStart,
  writeSubscription,
} from './run-log.ts'
import type { SubscriptionRequest } from '../runtime-api/extensions/subscription-request.ts'

export interface ReporterOptions {
  readonly outbox: Outbox
  readonly memory: Pick<MemoryWatch, 'maxUsedMb'>
  readonly assignment: () => Assignment
  /** The current state of each extension. */
  readonly extensions: () => readonly ExtensionReport[]
}

/** Reports initialisations and runs to the log and to subscribed extensions. */
export class Reporter {
  readonly #options: ReporterOptions
  #init = new Initialisation('init')
  /** Duration of the first initialisation, until a REPORT line includes it. */
  #initDurationMs: number | undefined

  constructor(options: ReporterOptions) {
    this.#options = options
  }

  /** `init` for the first initialisation, `invoke` for one within an invocation. */
  get phase(): InitOutcome['phase'] {
    return this.#init.phase
  }

  initStarted(phase: InitOutcome['phase']): void {
    this.#init = new Initialisation(phase)
    writeInitStart(this.#options.outbox, this.#options.assignment(), phase)
  }

  /** Reports the end of initialisation; returns its duration. */
  initEnded(endedMs: number, fault?: Fault): number {
    const { outbox, assignment, extensions } = this.#options
    const outcome = this.#init.outcome(endedMs, fault)
    if (fault === undefined && this.phase === 'init') this.#initDurationMs = outcome.durationMs
    writeInitReport(outbox, assignment(), outcome, extensions())
    return outcome.durationMs
  }

  /** Reports that an extension has subscribed. */
  subscribed(extension: string, request: SubscriptionRequest): void {
    writeSubscription(this.#options.outbox, this.#options.assignment(), extension, request)
  }

  runStarted(run: InvocationRun): void {
    writeStart(this.#options.outbox, run, this.#options.assignment())
  }

  /** The runtime has finished a run while extensions may still be working; some of them wait for this event. */
  runtimeDone(run: InvocationRun): void {
    const { outbox, assignment } = this.#options
    const outcome = this.#outcome(performance.now())
    outbox.drain(() => writeRuntimeDone(outbox, run, outcome, assignment()))
  }

  /** The run is over: sends its log, then `done`. */
  runEnded(run: InvocationRun, endedMs: number, fault?: Fault): void {
    const { outbox, assignment } = this.#options
    if (fault !== undefined) writeFault(outbox, run, fault, assignment())
    writeReport(outbox, run, this.#outcome(endedMs, fault), assignment())
    this.#initDurationMs = undefined
  }

  /** Publishes a fault to extensions before all processes end. The log gets it afterwards. */
  faultFound(fault: Fault, faultMs: number, phase: InvocationRun | 'initialisation' | undefined): void {
    const { outbox, assignment, extensions } = this.#options
    if (outbox.telemetry === undefined || phase === undefined) return
    if (phase === 'initialisation')
      publishInitFault(outbox, assignment(), this.#init.outcome(faultMs, fault), extensions())
    else publishRunFault(outbox, phase, this.#outcome(faultMs, fault), assignment())
  }

  #outcome(endedMs: number, fault?: Fault): Outcome {
    const { memory } = this.#options
    return { endedMs, maxMemoryUsedMb: memory.maxUsedMb(), initDurationMs: this.#initDurationMs, fault }
  }
}
