import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** A process and its descendants, as long as the processes in between are alive. */
export function processTree(root: number): number[] {
  const tree = [root]
  for (let index = 0; index < tree.length; index++) tree.push(...childrenOf(tree[index] ?? 0))
  return tree
}

/** The process groups of these processes. */
export function groupsOf(pids: readonly number[]): number[] {
  // Unknown for exited processes. A signal to group 0 would reach our own group, and to 1 every process.
  return [...new Set(pids.map((pid) => statOf(pid).group))].filter((group) => group > 1)
}

/**
 * Orphaned processes, in a PID namespace that only the environment uses: they have become children of
 * its first process.
 */
export function orphans(): number[] {
  const trees = childrenOf(1).map(processTree)
  // Skip the tree that contains this process.
  return trees
    .filter((tree) => !tree.includes(process.pid))
    .flat()
    .filter((pid) => statOf(pid).isAlive)
}

/** Sends a signal to a process, or to a group by its negative number. Exited ones are ignored. */
export function signal(target: number, name: NodeJS.Signals): void {
  try {
    process.kill(target, name)
  } catch {
    // It has exited already.
  }
}

/** Kills orphans until none is left, or the number of rounds is reached. */
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

/** The file's text; empty when the process has exited meanwhile. */
export function read(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}

/** The target of a symbolic link. */
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
