/** The places in which events run at once, and which functions get none of the free ones. */
export interface Places {
  free(): number
  /** The run that begins, to be given back. */
  take(functionName: string, nowMs: number): Run
  giveBack(run: Run): void
  /** Keeps the function's events waiting until the time given. */
  rest(functionName: string, untilMs: number): void
  /**
   * Functions that rest, that hold as many places as they leave free (a newcomer always finds one), or that have as many
   * young runs as the machine has use for.
   */
  closedTo(nowMs: number): Set<string>
  /** When a function that gets no place now may get one; nothing when only the end of a run can help. */
  opens(): number[]
}

interface Run {
  readonly functionName: string
  readonly startedMs: number
}

/**
 * A run older than this waits for something else than the processor. Quick runs thus never start more environments than the
 * machine can keep busy, and slow ones do not hold up those behind them.
 */
const youngMs = 200

/** So many places, all free; at most so many young runs of one function. */
export function createPlaces(total: number, mostYoung: number): Places {
  const running = new Map<string, Set<Run>>()
  const resting = new Map<string, number>()
  let free = total
  const youngOf = (runs: Set<Run>, nowMs: number) => [...runs].filter(({ startedMs }) => startedMs > nowMs - youngMs)
  return {
    free: () => free,
    take: (functionName, startedMs) => {
      const run = { functionName, startedMs }
      const runs = running.get(functionName) ?? new Set()
      running.set(functionName, runs.add(run))
      free--
      return run
    },
    giveBack: (run) => {
      const runs = running.get(run.functionName)
      if (runs?.delete(run) !== true) return
      free++
      if (runs.size === 0) running.delete(run.functionName)
    },
    rest: (name, untilMs) => {
      resting.set(name, untilMs)
    },
    closedTo: (nowMs) => {
      for (const [name, untilMs] of resting) if (untilMs <= nowMs) resting.delete(name)
      const isFull = (runs: Set<Run>) => runs.size >= free || youngOf(runs, nowMs).length >= mostYoung
      const full = [...running].filter(([, runs]) => isFull(runs)).map(([name]) => name)
      return new Set([...full, ...resting.keys()])
    },
    opens: () => {
      const crowded = [...running.values()].filter((runs) => runs.size >= mostYoung)
      return [...resting.values(), ...crowded.flatMap((runs) => [...runs].map(({ startedMs }) => startedMs + youngMs))]
    },
  }
}
