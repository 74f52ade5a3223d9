import type { ProcessExit, ProcessGroup } from './process-group.ts'
import { withDeadline } from './with-deadline.ts'

/** A process group whose exit can be awaited. */
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

  /** Kills it, unless it has exited. */
  kill(): void {
    if (!this.#isGone) this.group.kill()
  }

  /** Resolves when it has exited, or at the deadline. */
  async goneWithin(milliseconds: number): Promise<void> {
    if (this.#isGone || milliseconds <= 0) return
    await withDeadline(milliseconds, this.#gone)
  }
}
