import { processTree, read } from './process-tree.ts'

export interface WatchedProcesses {
  /** The first process of each tree that runs. */
  pids(): readonly number[]
}

/** Watches how much memory the processes of an environment and all their children use. */
export interface MemoryWatch {
  /** From now on it is these that are watched. */
  follow(processes: WatchedProcesses, limitMb: number): void
  /** Measures now and then until `pause`. */
  resume(): void
  pause(): void
  /** The most that was ever used, in MB, rounded up; measured now unless it was a short while ago. */
  maxUsedMb(): number
  /** For when the processes are gone; what they used still counts. */
  forget(): void
}

const intervalMs = 50
const freshMs = 100

/** Calls `onExceeded` when the processes use more than their limit; where there is no /proc, it never does. */
export function watchMemory(onExceeded: () => void): MemoryWatch {
  let processes: WatchedProcesses | undefined
  let limitKb = 0
  let maxKb = 0
  let mostKb = 0
  let measuredMs = Number.NEGATIVE_INFINITY
  let isPaused = true
  let timer: NodeJS.Timeout | undefined

  function measure(): void {
    if (processes === undefined) return
    measuredMs = performance.now()
    maxKb = Math.max(maxKb, usedKb(processes.pids()))
    mostKb = Math.max(mostKb, maxKb)
  }

  function poll(): void {
    timer = undefined
    if (isPaused) return
    measure()
    if (maxKb > limitKb) onExceeded()
    else plan()
  }

  function plan(): void {
    timer ??= setTimeout(poll, intervalMs).unref()
  }

  return {
    follow(others, limitMb) {
      processes = others
      limitKb = limitMb * 1024
      maxKb = 0
      measuredMs = Number.NEGATIVE_INFINITY
    },
    resume() {
      isPaused = false
      plan()
    },
    // The timer runs out by itself: with short invocations it is cheaper than a new one for each.
    pause() {
      isPaused = true
    },
    maxUsedMb() {
      if (performance.now() - measuredMs > freshMs) measure()
      return Math.ceil(mostKb / 1024)
    },
    forget() {
      isPaused = true
      clearTimeout(timer)
      timer = undefined
      processes = undefined
    },
  }
}

/** What the trees of processes use now, or the peak of their first processes where that is more. */
function usedKb(roots: readonly number[]): number {
  let total = 0
  let peaks = 0
  for (const root of roots) {
    for (const id of processTree(root)) total += figureKb(readStatus(id), 'VmRSS:')
    peaks += figureKb(readStatus(root), 'VmHWM:')
  }
  return Math.max(total, peaks)
}

function readStatus(pid: number): string {
  return read(`/proc/${String(pid)}/status`)
}

function figureKb(status: string, name: string): number {
  const start = status.indexOf(name)
  return start < 0 ? 0 : Number.parseInt(status.slice(start + name.length), 10)
}
