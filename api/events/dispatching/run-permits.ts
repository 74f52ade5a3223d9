/** Permits for concurrent runs of events, and which functions may acquire one. */
export interface RunPermits {
  free(): number
  /** Starts a run, which `release` ends. */
  acquire(functionName: string, nowMs: number): Run
  release(run: Run): void
  /**
   * A concurrency limit of the function or the account throttled the run, which is released. While other runs of the function
   * continue, it is capped at their number, plus one each second. Otherwise it is paused until the given time. Returns whether
   * it is paused.
   */
  throttled(functionName: string, nowMs: number, untilMs: number): boolean
  /**
   * Whether a function may not acquire a permit: it is paused, is at its cap, holds half of the remaining permits (so that
   * another function always finds one), or has as many young runs as the processors can serve.
   */
  isClosed(functionName: string, nowMs: number): boolean
  isResting(functionName: string, nowMs: number): boolean
  /** Functions that may not acquire a permit. */
  closedTo(nowMs: number): Set<string>
  /** Functions with running events. */
  running(): string[]
  /** Times at which a closed function may open again; empty when only the end of a run can open one. */
  opens(): number[]
}

interface Run {
  readonly functionName: string
  readonly startedMs: number
}

interface Cap {
  readonly permits: number
  readonly sinceMs: number
}

/**
 * A run older than this is assumed to wait for I/O. Fast runs thus never start more environments than the processors can
 * serve, and slow runs do not block the events behind them.
 */
const youngMs = 200
/** A throttled function gets one more permit each interval. */
const growMs = 1000

/** `total` free permits, and at most `maxTaken` young runs of one function. */
export function createRunPermits(total: number, maxTaken: number): RunPermits {
  const running = new Map<string, Set<Run>>()
  const resting = new Map<string, number>()
  const caps = new Map<string, Cap>()
  let free = total
  const none: ReadonlySet<Run> = new Set()
  const allowedBy = ({ permits, sinceMs }: Cap, nowMs: number) => permits + Math.floor((nowMs - sinceMs) / growMs)
  const isResting = (name: string, nowMs: number) => (resting.get(name) ?? 0) > nowMs
  const isCapped = (name: string, size: number, nowMs: number) => {
    const cap = caps.get(name)
    return cap !== undefined && size >= allowedBy(cap, nowMs)
  }
  const isClosed = (name: string, nowMs: number): boolean => {
    const runs = running.get(name) ?? none
    if (isResting(name, nowMs)) return true
    if (runs.size === 0) return free === 0
    return runs.size >= free || isCapped(name, runs.size, nowMs) || isCrowded(runs, nowMs, maxTaken)
  }
  const forgetExpired = (nowMs: number): void => {
    for (const [name, untilMs] of resting) if (untilMs <= nowMs) resting.delete(name)
    for (const [name, cap] of caps) if (allowedBy(cap, nowMs) >= total) caps.delete(name)
  }
  return {
    free: () => free,
    acquire: (functionName, startedMs) => {
      const run = { functionName, startedMs }
      const runs = running.get(functionName) ?? new Set()
      running.set(functionName, runs.add(run))
      free--
      return run
    },
    release: (run) => {
      const runs = running.get(run.functionName)
      if (runs?.delete(run) !== true) return
      free++
      if (runs.size === 0) running.delete(run.functionName)
    },
    throttled: (name, sinceMs, untilMs) => {
      const permits = running.get(name)?.size ?? 0
      if (permits > 0) caps.set(name, { permits, sinceMs })
      else resting.set(name, untilMs)
      return permits === 0
    },
    isClosed,
    isResting,
    closedTo: (nowMs) => {
      forgetExpired(nowMs)
      return new Set([...running.keys(), ...resting.keys()].filter((name) => isClosed(name, nowMs)))
    },
    running: () => [...running.keys()],
    opens: () => {
      const crowded = [...running.values()].filter((runs) => runs.size >= maxTaken)
      const young = crowded.flatMap((runs) => [...runs].map(({ startedMs }) => startedMs + youngMs))
      const grown = [...caps].flatMap(([name, cap]) => growth(cap, running.get(name)?.size ?? 0))
      return [...resting.values(), ...young, ...grown]
    },
  }
}

function isCrowded(runs: ReadonlySet<Run>, nowMs: number, maxTaken: number): boolean {
  if (runs.size < maxTaken) return false
  return [...runs].filter(({ startedMs }) => startedMs > nowMs - youngMs).length >= maxTaken
}

/** When the cap exceeds the number of runs. */
function growth({ permits, sinceMs }: Cap, size: number): number[] {
  return size < permits ? [] : [sinceMs + (size - permits + 1) * growMs]
}
