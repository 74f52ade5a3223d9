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
  /** How far each extension is. */
  readonly extensions: () => readonly ExtensionReport[]
}

/** Says what becomes of an environment's initialisations and runs: in the log, and to extensions that want to know. */
export class Reporter {
  readonly #options: ReporterOptions
  #init = new Initialisation('init')
  /** How long the first initialisation took, until a REPORT says it. */
  #initDurationMs: number | undefined

  constructor(options: ReporterOptions) {
    this.#options = options
  }

  /** Whether initialisation is the first, or within an invocation. */
  get phase(): InitOutcome['phase'] {
    return this.#init.phase
  }

  initStarted(phase: InitOutcome['phase']): void {
    this.#init = new Initialisation(phase)
    writeInitStart(this.#options.outbox, this.#options.assignment(), phase)
  }

  /** Initialisation is over, and answers how long it took. */
  initEnded(endedMs: number, fault?: Fault): number {
    const { outbox, assignment, extensions } = this.#options
    const outcome = this.#init.outcome(endedMs, fault)
    if (fault === undefined && this.phase === 'init') this.#initDurationMs = outcome.durationMs
    writeInitReport(outbox, assignment(), outcome, extensions())
    return outcome.durationMs
  }

  /** An extension is sent what happens from now on. */
  subscribed(extension: string, request: SubscriptionRequest): void {
    writeSubscription(this.#options.outbox, this.#options.assignment(), extension, request)
  }

  runStarted(run: InvocationRun): void {
    writeStart(this.#options.outbox, run, this.#options.assignment())
  }

  /** The runtime is done with a run, while extensions may be at work still; some of them wait for this. */
  runtimeDone(run: InvocationRun): void {
    const { outbox, assignment } = this.#options
    const outcome = this.#outcome(performance.now())
    outbox.drain(() => writeRuntimeDone(outbox, run, outcome, assignment()))
  }

  /** A run is over, and `done` leaves behind its log. */
  runEnded(run: InvocationRun, endedMs: number, fault?: Fault): void {
    const { outbox, assignment } = this.#options
    if (fault !== undefined) writeFault(outbox, run, fault, assignment())
    writeReport(outbox, run, this.#outcome(endedMs, fault), assignment())
    this.#initDurationMs = undefined
  }

  /** Extensions hear of a fault before they end with all the rest; the log says it when they have. */
  faultFound(fault: Fault, faultMs: number, place: InvocationRun | 'initialisation' | undefined): void {
    const { outbox, assignment, extensions } = this.#options
    if (outbox.telemetry === undefined || place === undefined) return
    if (place === 'initialisation')
      publishInitFault(outbox, assignment(), this.#init.outcome(faultMs, fault), extensions())
    else publishRunFault(outbox, place, this.#outcome(faultMs, fault), assignment())
  }

  #outcome(endedMs: number, fault?: Fault): Outcome {
    const { memory } = this.#options
    return { endedMs, maxMemoryUsedMb: memory.maxUsedMb(), initDurationMs: this.#initDurationMs, fault }
  }
}
