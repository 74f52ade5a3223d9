import { readdirSync, readFileSync } from 'node:fs'

const msPerTick = 10

/** CPU time that a process has used so far, all its threads, in milliseconds; 0 when it is gone. */
export function cpuMs(pid: number): number {
  const fields = statFields(pid)
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * msPerTick
}

/** CPU time used so far by all these processes together. */
export function totalCpuMs(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + cpuMs(pid), 0)
}

/** Proportional set size (PSS) of a process in MB; NaN when the kernel does not report it. */
export function proportionalMb(pid: number): number {
  const text = read(`/proc/${pid}/smaps_rollup`)
  return Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? NaN) / 1024
}

export function residentMb(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`))?.[1] ?? NaN) / 1024
}

/** Processes under a process, at any depth. */
export function descendants(root: number): number[] {
  const childrenOf = new Map<number, number[]>()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const parent = Number(statFields(Number(name))[1])
    childrenOf.set(parent, [...(childrenOf.get(parent) ?? []), Number(name)])
  }
  const found: number[] = []
  const queue = [root]
  for (let pid = queue.pop(); pid !== undefined; pid = queue.pop()) {
    const children = childrenOf.get(pid) ?? []
    found.push(...children)
    queue.push(...children)
  }
  return found
}

/** Supervisors under a server: Node.js processes that run the bundle, which is named by its hash. */
export function supervisors(server: number): number[] {
  return descendants(server).filter((pid) => {
    const words = read(`/proc/${pid}/cmdline`).split('\0')
    return words[0]?.endsWith('node') === true && words.some((word) => /\/[0-9a-f]{16}\.cjs$/.test(word))
  })
}

/** The fields of /proc/PID/stat after the command name, which may contain spaces. */
function statFields(pid: number): string[] {
  const text = read(`/proc/${pid}/stat`)
  return text.slice(text.lastIndexOf(')') + 2).split(' ')
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
