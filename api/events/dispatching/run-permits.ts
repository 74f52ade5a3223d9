/** The places in which events run at once, and which functions get none of the free ones. */
export interface RunPermits {
  free(): number
  /** The run that begins, to be given back. */
  acquire(functionName: string, nowMs: number): Run
  release(run: Run): void
  /**
   * The function was refused a place by the limits of its own or of the account, and the run is given back. While others of it
   * run it gets as many places as those have, and one more each second; else it rests until the time given. Answers whether it rests.
   */
  throttled(functionName: string, nowMs: number, untilMs: number): boolean
  /**
   * Whether a function gets none: it rests, has as many as it was not refused, holds as many as it leaves free (a newcomer
   * always finds one), or has as many young runs as the machine has use for.
   */
  isClosed(functionName: string, nowMs: number): boolean
  isResting(functionName: string, nowMs: number): boolean
  /** Functions that are closed. */
  closedTo(nowMs: number): Set<string>
  /** Functions that run. */
  running(): string[]
  /** When a function that gets no place now may get one; nothing when only the end of a run can help. */
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
 * A run older than this waits for something else than the processor. Quick runs thus never start more environments than the
 * machine can keep busy, and slow ones do not hold up those behind them.
 */
const youngMs = 200
/** A function that was refused a place is tried with one more after so long. */
const growMs = 1000

/** So many places, all free; at most so many young runs of one function. */
export function createRunPermits(total: number, mostYoung: number): RunPermits {
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
    return runs.size >= free || isCapped(name, runs.size, nowMs) || isCrowded(runs, nowMs, mostYoung)
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
      const crowded = [...running.values()].filter((runs) => runs.size >= mostYoung)
      const young = crowded.flatMap((runs) => [...runs].map(({ startedMs }) => startedMs + youngMs))
      const grown = [...caps].flatMap(([name, cap]) => growth(cap, running.get(name)?.size ?? 0))
      return [...resting.values(), ...young, ...grown]
    },
  }
}

function isCrowded(runs: ReadonlySet<Run>, nowMs: number, mostYoung: number): boolean {
  if (runs.size < mostYoung) return false
  return [...runs].filter(({ startedMs }) => startedMs > nowMs - youngMs).length >= mostYoung
}

/** When so many runs are fewer than the cap. */
function growth({ permits, sinceMs }: Cap, size: number): number[] {
  return size < permits ? [] : [sinceMs + (size - permits + 1) * growMs]
}
