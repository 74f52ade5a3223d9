import type { Failure } from './faults.ts'

/** How an initialisation went. */
export interface InitOutcome {
  readonly phase: 'init' | 'invoke'
  readonly durationMs: number
  readonly failure?: Failure
}

/** One attempt to get ready: the first, or one within an invocation. */
export class Initialisation {
  readonly phase: InitOutcome['phase']
  readonly #startedMs = performance.now()

  constructor(phase: InitOutcome['phase']) {
    this.phase = phase
  }

  /** How it went, now that it is over; the time is of the monotonic clock. */
  outcome(endedMs: number, failure?: Failure): InitOutcome {
    const durationMs = endedMs - this.#startedMs
    return { phase: this.phase, durationMs, ...(failure === undefined ? {} : { failure }) }
  }
}
