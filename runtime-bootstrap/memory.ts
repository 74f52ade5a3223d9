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
  /** The most that was ever used, in MB, rounded up, and no more than the limit; measured now unless it was a short while ago. */
  maxUsedMb(): number
  /** For when the processes are gone; what they used still counts. */
  forget(): void
}

const intervalMs = 50
const freshMs = 100

/**
 * Calls `onExceeded` when the processes use more than their limit of what only their end would set free: files that they read count
 * as used, but the system takes those pages back when it needs some. Where there is no /proc, it never does.
 */
export function watchMemory(onExceeded: () => void): MemoryWatch {
  let processes: WatchedProcesses | undefined
  let limitKb = 0
  let isExceeded = false
  let mostKb = 0
  let measuredMs = Number.NEGATIVE_INFINITY
  let isPaused = true
  let timer: NodeJS.Timeout | undefined

  function measure(): void {
    if (processes === undefined) return
    measuredMs = performance.now()
    const { residentKb, heldKb } = usage(processes.pids(), limitKb)
    isExceeded ||= heldKb > limitKb
    mostKb = Math.max(mostKb, Math.min(residentKb, limitKb))
  }

  function poll(): void {
    timer = undefined
    if (isPaused) return
    measure()
    if (isExceeded) onExceeded()
    else plan()
  }

  function plan(): void {
    timer ??= setTimeout(poll, intervalMs).unref()
  }

  return {
    follow(others, limitMb) {
      processes = others
      limitKb = limitMb * 1024
      isExceeded = false
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

export interface Usage {
  /** All that is in memory. */
  readonly residentKb: number
  /** What the system cannot take back while they run. */
  readonly heldKb: number
}

/** What the trees of processes use now, or the peak of their first processes where that is more. */
export function usage(roots: readonly number[], limitKb: number): Usage {
  const tree = roots.flatMap(processTree)
  const [now, first] = [tree.map(readStatus), roots.map(readStatus)]
  const peaks = sumOf(first, 'VmHWM:')
  const heldPeaks = Math.max(0, peaks - sumOf(first, 'RssFile:'))
  const residentKb = Math.max(sumOf(now, 'VmRSS:'), peaks)
  const heldKb = sumOf(now, 'RssAnon:') + sumOf(now, 'RssShmem:')
  const isShared = heldKb > limitKb && tree.length > 1
  return { residentKb, heldKb: Math.max(isShared ? proportionalKb(tree, heldKb) : heldKb, heldPeaks) }
}

/** Pages that several processes share, as those do that were forked, count once; `otherwiseKb` where the system does not tell. */
function proportionalKb(tree: readonly number[], otherwiseKb: number): number {
  const all = tree.map((pid) => read(`/proc/${String(pid)}/smaps_rollup`))
  return sumOf(all, 'Pss_Anon:') + sumOf(all, 'Pss_Shmem:') || otherwiseKb
}

function readStatus(pid: number): string {
  return read(`/proc/${String(pid)}/status`)
}

/** The figures of this name, kB. */
function sumOf(texts: readonly string[], name: string): number {
  return texts.reduce((sum, text) => sum + figureKb(text, name), 0)
}

function figureKb(text: string, name: string): number {
  const start = text.indexOf(name)
  return start < 0 ? 0 : Number.parseInt(text.slice(start + name.length), 10)
}
