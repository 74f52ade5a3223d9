import { readFile } from 'node:fs/promises'
import { link, processTree, read } from './process-tree.ts'

export interface WatchedProcesses {
  /** The root of each process tree. */
  pids(): readonly number[]
}

/** Monitors the memory use of an environment's process trees. */
export interface MemoryWatch {
  /** Monitors these processes from now on. */
  follow(processes: WatchedProcesses, limitMb: number): void
  /** Measures periodically until `pause`. */
  resume(): void
  pause(): void
  /** Peak use in MB, rounded up and capped at the limit. Measures now unless the last measurement is recent. */
  maxUsedMb(): number
  /** Stops monitoring exited processes; their peak still counts. */
  forget(): void
}

/** The less memory is left, the shorter the interval: 2 GB allocated within a second is noticed before the pod's limit. */
const [minIntervalMs, maxIntervalMs, msPerMb] = [5, 50, 0.5]
const freshMs = 100
/** Under memory pressure reading /proc may block, so that the wait has a deadline. */
const maxSharingMs = 100

/**
 * Calls `onExceeded` when the unreclaimable memory of the processes exceeds their limit. The page cache counts as used but not
 * towards the limit, since the kernel can reclaim it. Without /proc it is never called.
 */
export function watchMemory(onExceeded: () => void): MemoryWatch {
  let processes: WatchedProcesses | undefined
  let limitKb = 0
  let maxKb = 0
  let unreclaimableKb = 0
  let measuredMs = Number.NEGATIVE_INFINITY
  let isPaused = true
  let timer: NodeJS.Timeout | undefined

  function measure(roots: readonly number[]): Usage {
    measuredMs = performance.now()
    const usage = usageOf(roots)
    maxKb = Math.max(maxKb, Math.min(usage.residentKb, limitKb))
    unreclaimableKb = usage.unreclaimableKb
    return usage
  }

  async function poll(): Promise<void> {
    const own = timer
    const isExceeded = processes !== undefined && !isPaused && (await exceeds(measure(processes.pids()), limitKb))
    // By now other processes may be monitored.
    if (timer !== own) return
    timer = undefined
    if (isPaused) return
    if (isExceeded) onExceeded()
    else plan()
  }

  function plan(): void {
    const intervalMs = ((limitKb - unreclaimableKb) / 1024) * msPerMb
    timer ??= setTimeout(() => void poll(), Math.min(maxIntervalMs, Math.max(minIntervalMs, intervalMs))).unref()
  }

  return {
    follow(others, limitMb) {
      processes = others
      limitKb = limitMb * 1024
      unreclaimableKb = 0
      measuredMs = Number.NEGATIVE_INFINITY
    },
    resume() {
      isPaused = false
      plan()
    },
    // The timer expires by itself, which is cheaper than a new timer for each short invocation.
    pause() {
      isPaused = true
    },
    maxUsedMb() {
      if (processes !== undefined && performance.now() - measuredMs > freshMs) measure(processes.pids())
      return Math.ceil(maxKb / 1024)
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
  /** `/proc/PID/status` of all processes. */
  readonly statuses: ReadonlyMap<number, string>
  /** Resident memory; pages shared by processes count once for each. */
  readonly residentKb: number
  /** The part that the kernel cannot reclaim while they run. */
  readonly unreclaimableKb: number
  /** Peak unreclaimable memory of the root processes alone. */
  readonly peakUnreclaimableKb: number
}

/** Memory use of the process trees now, or the peak of their root processes where that is more. */
export function usageOf(roots: readonly number[]): Usage {
  const statuses = new Map(roots.flatMap(processTree).map((pid) => [pid, read(`/proc/${String(pid)}/status`)]))
  const [now, first] = [[...statuses.values()], roots.map((pid) => statuses.get(pid) ?? '')]
  const peaks = sumOf(first, 'VmHWM:')
  return {
    statuses,
    residentKb: Math.max(sumOf(now, 'VmRSS:'), peaks),
    unreclaimableKb: sumOf(now, 'RssAnon:') + sumOf(now, 'RssShmem:'),
    peakUnreclaimableKb: Math.max(0, peaks - sumOf(first, 'RssFile:')),
  }
}

/** Whether the use exceeds the limit; pages shared by forked processes count once. */
export async function exceeds(
  { statuses, unreclaimableKb, peakUnreclaimableKb }: Usage,
  limitKb: number,
): Promise<boolean> {
  if (peakUnreclaimableKb > limitKb) return true
  if (unreclaimableKb <= limitKb) return false
  return !mayShare(statuses) || !((await proportionalKb([...statuses.keys()])) <= limitKb)
}

/**
 * Whether one of them may be a fork of another, since it runs the same program as its parent. Without forks the slower
 * measurement is not needed.
 */
function mayShare(statuses: Usage['statuses']): boolean {
  const programOf = (pid: number): string => link(`/proc/${String(pid)}/exe`)
  return [...statuses].some(([pid, status]) => {
    const parent = figureOf(status, 'PPid:')
    const program = statuses.has(parent) ? programOf(pid) : ''
    return program !== '' && program === programOf(parent)
  })
}

/** Proportional set size: shared pages divided by their number of users; NaN when unavailable or late. */
async function proportionalKb(pids: readonly number[]): Promise<number> {
  const reading = pids.map((pid) => readFile(`/proc/${String(pid)}/smaps_rollup`, 'latin1').catch(() => ''))
  let timer: NodeJS.Timeout | undefined
  const isLate = new Promise<string[]>((resolve) => (timer = setTimeout(resolve, maxSharingMs, [])))
  const texts = await Promise.race([Promise.all(reading), isLate])
  clearTimeout(timer)
  return sumOf(texts, 'Pss_Anon:') + sumOf(texts, 'Pss_Shmem:') || Number.NaN
}

/** The sum of the fields of this name, kB. */
function sumOf(texts: readonly string[], name: string): number {
  return texts.reduce((sum, text) => sum + figureOf(text, name), 0)
}

function figureOf(text: string, name: string): number {
  const start = text.indexOf(name)
  return start < 0 ? 0 : Number.parseInt(text.slice(start + name.length), 10)
}
