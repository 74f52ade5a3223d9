const maxTimerMs = 60 * 60 * 1000

/** Runs a job on demand or when its time has come, never twice concurrently. */
export interface WakeUp {
  /** Runs the job now, or once more if it is running. */
  wake(): void
  stop(): void
}

/** The job returns when it should run next without a wake-up. It must not reject. */
export function createWakeUp(work: () => Promise<number | undefined>, now: () => number): WakeUp {
  const state = { isStopped: false, isRunning: false, hasNews: false }
  let timer: NodeJS.Timeout | undefined

  const run = async (): Promise<void> => {
    state.isRunning = true
    let againMs: number | undefined
    while (state.hasNews && !state.isStopped) {
      state.hasNews = false
      againMs = await work()
    }
    state.isRunning = false
    if (againMs !== undefined && !state.isStopped)
      timer = setTimeout(wake, Math.min(Math.max(againMs - now(), 1), maxTimerMs))
  }
  const wake = (): void => {
    state.hasNews = true
    if (state.isRunning || state.isStopped) return
    clearTimeout(timer)
    void run()
  }
  const stop = (): void => {
    state.isStopped = true
    clearTimeout(timer)
  }
  return { wake, stop }
}
