import type { Failure } from './faults.ts'

/** The outcome of an initialisation. */
export interface InitOutcome {
  readonly phase: 'init' | 'invoke'
  readonly durationMs: number
  readonly failure?: Failure
}

/** One initialisation: the first, or one within an invocation. */
export class Initialisation {
  readonly phase: InitOutcome['phase']
  readonly #startedMs = performance.now()

  constructor(phase: InitOutcome['phase']) {
    this.phase = phase
  }

  /** The outcome; `endedMs` is monotonic. */
  outcome(endedMs: number, failure?: Failure): InitOutcome {
    const durationMs = endedMs - this.#startedMs
    return { phase: this.phase, durationMs, ...(failure === undefined ? {} : { failure }) }
  }
}
