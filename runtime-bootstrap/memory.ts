import { readdirSync, readFileSync } from 'node:fs'

/** Watches how much memory a runtime and all its children use. */
export interface MemoryWatch {
  /** Measures now and then until `pause`. */
  resume(): void
  pause(): void
  /** The most that was ever used, in MB, rounded up; measured now unless it was a short while ago. */
  maxUsedMb(): number
  /** The same, without measuring again: for processes that are gone. */
  peakMb(): number
  /** For when the processes are gone. */
  stop(): void
}

const intervalMs = 50
const freshMs = 100

/** Calls `onExceeded` when the processes use more than the limit; where there is no /proc, it never does. */
export function watchMemory(pid: number | undefined, limitMb: number, onExceeded: () => void): MemoryWatch {
  let maxKb = 0
  let measuredMs = Number.NEGATIVE_INFINITY
  let isPaused = true
  let timer: NodeJS.Timeout | undefined

  function measure(): void {
    if (pid === undefined) return
    measuredMs = performance.now()
    maxKb = Math.max(maxKb, usedKb(pid))
  }

  function poll(): void {
    timer = undefined
    if (isPaused) return
    measure()
    if (maxKb > limitMb * 1024) onExceeded()
    else plan()
  }

  function plan(): void {
    timer ??= setTimeout(poll, intervalMs).unref()
  }

  return {
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
      return Math.ceil(maxKb / 1024)
    },
    peakMb: () => Math.ceil(maxKb / 1024),
    stop() {
      isPaused = true
      clearTimeout(timer)
      pid = undefined
    },
  }
}

/** What the tree of processes uses now, or the peak of its first process where that is more. */
function usedKb(pid: number): number {
  let total = 0
  for (const id of processTree(pid)) total += figureKb(readStatus(id), 'VmRSS:')
  return Math.max(total, figureKb(readStatus(pid), 'VmHWM:'))
}

function processTree(root: number): number[] {
  const tree = [root]
  for (let index = 0; index < tree.length; index++) {
    const folder = `/proc/${String(tree[index])}/task`
    for (const thread of list(folder)) {
      for (const child of read(`${folder}/${thread}/children`).split(' ')) if (child !== '') tree.push(Number(child))
    }
  }
  return tree
}

function readStatus(pid: number): string {
  return read(`/proc/${String(pid)}/status`)
}

function figureKb(status: string, name: string): number {
  const start = status.indexOf(name)
  return start < 0 ? 0 : Number.parseInt(status.slice(start + name.length), 10)
}

/** Processes may end while they are looked at. */
function read(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}

function list(path: string): string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}
