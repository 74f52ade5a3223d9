import type { InitOutcome } from './platform-events.ts'
import type { Trouble } from './platform-lines.ts'

/** One attempt to get ready: the first, or one within an invocation. */
export class Initialisation {
  readonly phase: InitOutcome['phase']
  readonly #startedMs = performance.now()

  constructor(phase: InitOutcome['phase']) {
    this.phase = phase
  }

  /** How it went, now that it is over; the time is of the monotonic clock. */
  outcome(endedMs: number, trouble?: Trouble): InitOutcome {
    const durationMs = endedMs - this.#startedMs
    return { phase: this.phase, durationMs, ...(trouble === undefined ? {} : { trouble }) }
  }
}
