import type { SupervisorProcess } from './supervisor-process.ts'

/** Supervisors started ahead of their use, and all others that still run. */
export interface Spares {
  /** A supervisor that runs, started now if none is ready. */
  take(): SupervisorProcess
  /** Ends all supervisors, taken or not, and resolves when they are gone. */
  close(): Promise<void>
}

/** After this long without a launch the spares are refilled: starting them would slow down the launch they follow. */
const quietMs = 100
/** A burst doubles the number kept, up to this. */
const mostSpares = 4

/** Keeps `count` supervisors ready, more after bursts. */
export function keepSpares(count: number, start: () => SupervisorProcess): Spares {
  const ready: SupervisorProcess[] = []
  const running = new Set<SupervisorProcess>()
  let wanted = count
  let isClosed = false
  let refiller: NodeJS.Timeout | undefined

  function begin(): SupervisorProcess {
    const supervisor = start()
    running.add(supervisor)
    void supervisor.exited.then(() => {
      running.delete(supervisor)
      const index = ready.indexOf(supervisor)
      if (index >= 0) ready.splice(index, 1)
    })
    return supervisor
  }

  function refill(): void {
    refiller = undefined
    if (isClosed || ready.length >= wanted) return
    try {
      ready.push(begin())
    } catch {
      // The machine has no room for a process now; the next launch tries again, and says why if it fails.
      return
    }
    // One at a time, so that a launch in between finds the processor free.
    if (ready.length < wanted) refillLater()
  }

  function refillLater(): void {
    clearTimeout(refiller)
    refiller = setTimeout(refill, quietMs).unref()
  }

  function take(): SupervisorProcess {
    if (isClosed) throw new Error('The driver is closed')
    const spare = ready.find((supervisor) => supervisor.isRunning())
    if (spare) ready.splice(ready.indexOf(spare), 1)
    else if (count > 0) wanted = Math.min(mostSpares, Math.max(wanted, count * 2))
    refillLater()
    return spare ?? begin()
  }

  async function close(): Promise<void> {
    isClosed = true
    clearTimeout(refiller)
    const all = [...running]
    for (const supervisor of all) supervisor.kill()
    await Promise.all(all.map((supervisor) => supervisor.exited))
  }

  refill()
  return { take, close }
}
