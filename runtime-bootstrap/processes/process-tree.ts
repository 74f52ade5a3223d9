import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** A process and all that it started, as far as those in between are alive. */
export function processTree(root: number): number[] {
  const tree = [root]
  for (let index = 0; index < tree.length; index++) tree.push(...childrenOf(tree[index] ?? 0))
  return tree
}

/** The process groups of these processes. */
export function groupsOf(pids: readonly number[]): number[] {
  // Of those that are gone it is not known; 0 would be the caller's own, and 1 all.
  return [...new Set(pids.map((pid) => statOf(pid).group))].filter((group) => group > 1)
}

/**
 * What is left of processes that ended, in a namespace of processes that is the function's and the supervisor's alone: the first
 * process there has it for its children.
 */
export function orphans(): number[] {
  const trees = childrenOf(1).map(processTree)
  // This process is in one of them, or below whatever started it.
  return trees
    .filter((tree) => !tree.includes(process.pid))
    .flat()
    .filter((pid) => statOf(pid).isAlive)
}

/** Sends a signal to a process, or to a group by its negative number; one that is gone needs none. */
export function signal(target: number, name: NodeJS.Signals): void {
  try {
    process.kill(target, name)
  } catch {
    // It is gone already.
  }
}

/** Kills orphans until none is left, or what remains cannot be ended. */
export async function endOrphans(): Promise<void> {
  for (let round = 0; round < maxRounds; round++) {
    const left = orphans()
    if (left.length === 0) return
    for (const pid of left) signal(pid, 'SIGKILL')
    await new Promise((resolve) => setTimeout(resolve, roundMs))
  }
}

const [maxRounds, roundMs] = [50, 2]

function childrenOf(pid: number): number[] {
  const folder = `/proc/${String(pid)}/task`
  const texts = list(folder).map((thread) => read(`${folder}/${thread}/children`))
  return texts.flatMap((text) => text.split(' ').filter((child) => child !== '')).map(Number)
}

function statOf(pid: number): { readonly isAlive: boolean; readonly group: number } {
  const [state = '', , group] = /\) (\S) (\d+) (\d+)/.exec(read(`/proc/${String(pid)}/stat`))?.slice(1) ?? []
  return { isAlive: state !== '' && state !== 'Z' && state !== 'X', group: Number(group ?? 0) }
}

/** Processes may end while they are looked at. */
export function read(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}

/** Where a symbolic link leads. */
export function link(path: string): string {
  try {
    return readlinkSync(path)
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
