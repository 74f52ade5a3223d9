import { readFile } from 'node:fs/promises'
import { link, processTree, read } from './process-tree.ts'

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

/** The less is left the sooner it is looked at again: who takes 2 GB in a second is seen before the limit of the pod. */
const [minIntervalMs, maxIntervalMs, msPerMb] = [5, 50, 0.5]
const freshMs = 100
/** Where memory runs out the system may not answer: whoever waits for it could not end what uses it up. */
const maxSharingMs = 100

/**
 * Calls `onExceeded` when the processes use more than their limit of what only their end would set free: files that they read count
 * as used, but the system takes those pages back when it needs some. Where there is no /proc, it never does.
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
    // They may be gone by now, and others be watched.
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
    // The timer runs out by itself: with short invocations it is cheaper than a new one for each.
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
  /** `/proc`'s status of all processes. */
  readonly statuses: ReadonlyMap<number, string>
  /** All that is in memory, pages that processes share once for each of them. */
  readonly residentKb: number
  /** What of it the system cannot take back while they run. */
  readonly unreclaimableKb: number
  /** The most that the first processes alone ever held. */
  readonly peakUnreclaimableKb: number
}

/** What the trees of processes use now, or the peak of their first processes where that is more. */
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

/** Whether that is more than the limit; pages that processes share, as those do that were forked, count once. */
export async function exceeds(
  { statuses, unreclaimableKb, peakUnreclaimableKb }: Usage,
  limitKb: number,
): Promise<boolean> {
  if (peakUnreclaimableKb > limitKb) return true
  if (unreclaimableKb <= limitKb) return false
  return !mayShare(statuses) || !((await proportionalKb([...statuses.keys()])) <= limitKb)
}

/**
 * Whether one of them may be a fork of another, since it runs the same program as its parent: where none is the answer is there at
 * once, while memory runs out.
 */
function mayShare(statuses: Usage['statuses']): boolean {
  const programOf = (pid: number): string => link(`/proc/${String(pid)}/exe`)
  return [...statuses].some(([pid, status]) => {
    const parent = figureOf(status, 'PPid:')
    const program = statuses.has(parent) ? programOf(pid) : ''
    return program !== '' && program === programOf(parent)
  })
}

/** Each page divided by how many processes have it; NaN where the system does not tell, or not in time. */
async function proportionalKb(pids: readonly number[]): Promise<number> {
  const reading = pids.map((pid) => readFile(`/proc/${String(pid)}/smaps_rollup`, 'latin1').catch(() => ''))
  let timer: NodeJS.Timeout | undefined
  const isLate = new Promise<string[]>((resolve) => (timer = setTimeout(resolve, maxSharingMs, [])))
  const texts = await Promise.race([Promise.all(reading), isLate])
  clearTimeout(timer)
  return sumOf(texts, 'Pss_Anon:') + sumOf(texts, 'Pss_Shmem:') || Number.NaN
}

/** The figures of this name, kB. */
function sumOf(texts: readonly string[], name: string): number {
  return texts.reduce((sum, text) => sum + figureOf(text, name), 0)
}

function figureOf(text: string, name: string): number {
  const start = text.indexOf(name)
  return start < 0 ? 0 : Number.parseInt(text.slice(start + name.length), 10)
}
