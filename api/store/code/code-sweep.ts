/** Removes packages that nothing uses, some minutes after the last use ended. */
export interface CodeSweep {
  /** Sweeps for the first time. Rejects when that fails; it can be called again. */
  start(): Promise<void>
  /** Something may have become unused. */
  note(): void
  stop(): void
}

export interface CodeSweepOptions {
  /** Removes what is overdue; resolves with the milliseconds until the next package is, or undefined. */
  readonly sweep: () => Promise<number | undefined>
  readonly log: { error(line: string, cause: unknown): void }
  /** The time between a note and its sweep, at which the grace period of a package begins. */
  readonly noteMs?: number
  /** The shortest time between two sweeps: each reads the whole catalogue. */
  readonly restMs?: number
}

const defaults = { noteMs: 10_000, restMs: 30_000 }
/** Without notes: for what other servers leave. */
const hourMs = 3_600_000

/** Once started, sweeps after each note, when a package is overdue, and every hour. */
export function createCodeSweep({ sweep, log, ...times }: CodeSweepOptions): CodeSweep {
  const { noteMs, restMs } = { ...defaults, ...times }
  const state = { isActive: false, isRunning: false, isNoted: false, at: Number.POSITIVE_INFINITY }
  let timer: NodeJS.Timeout | undefined

  const schedule = (inMs: number): void => {
    const at = performance.now() + inMs
    if (!state.isActive || state.isRunning || at >= state.at) return
    clearTimeout(timer)
    state.at = at
    timer = setTimeout(() => void run(), inMs).unref()
  }
  const run = async (): Promise<void> => {
    Object.assign(state, { isRunning: true, isNoted: false, at: Number.POSITIVE_INFINITY })
    let dueMs: number | undefined
    try {
      dueMs = await sweep()
    } catch (cause) {
      log.error('Unused packages could not be removed.', cause)
    }
    state.isRunning = false
    schedule(hourMs)
    if (dueMs !== undefined) schedule(Math.max(dueMs, restMs))
    if (state.isNoted) schedule(Math.max(noteMs, restMs))
  }

  return {
    start: async () => {
      const dueMs = await sweep()
      state.isActive = true
      schedule(Math.min(hourMs, Math.max(dueMs ?? hourMs, restMs)))
    },
    note: () => {
      state.isNoted = true
      schedule(noteMs)
    },
    stop: () => {
      state.isActive = false
      clearTimeout(timer)
    },
  }
}
