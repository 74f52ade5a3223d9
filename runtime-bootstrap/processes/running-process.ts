import type { ProcessExit, ProcessGroup } from './process-group.ts'
import { withDeadline } from './with-deadline.ts'

/** A process group whose end can be waited for. */
export class RunningProcess {
  readonly group: ProcessGroup
  readonly #gone: Promise<void>
  #markGone: () => void = () => undefined
  #isGone = false

  constructor(start: (onExit: (exit: ProcessExit) => void) => ProcessGroup, onExit: (exit: ProcessExit) => void) {
    this.#gone = new Promise((resolve) => (this.#markGone = resolve))
    this.group = start((exit) => {
      this.#isGone = true
      this.#markGone()
      onExit(exit)
    })
  }

  get isGone(): boolean {
    return this.#isGone
  }

  /** Ends it at once, if it is there still. */
  kill(): void {
    if (!this.#isGone) this.group.kill()
  }

  /** Resolves when it is gone or the time is over. */
  async goneWithin(milliseconds: number): Promise<void> {
    if (this.#isGone || milliseconds <= 0) return
    await withDeadline(milliseconds, this.#gone)
  }
}
