import { spawn, type ChildProcess } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import type { Readable, Writable } from 'node:stream'
import { refuseForeignProgram } from './program-file.ts'
import { groupsOf, processTree, signal } from './process-tree.ts'

/** How a process ended. */
export interface ProcessExit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** Set when it could not even be started. */
  readonly launchError?: string
}

/**
 * One process and whatever it started: all of its process group, and those in other groups that descend from it by processes that
 * are alive, such as a browser and its parts.
 */
export interface ProcessGroup {
  readonly pid: number | undefined
  /** Asks those of its own group to end. */
  terminate(): void
  /** Ends all of them at once. */
  kill(): void
  /** Stops all of them until `thaw`. */
  freeze(): void
  /** Lets frozen processes run on. */
  thaw(): void
}

export interface ProcessGroupOptions {
  readonly command: readonly string[]
  readonly folder: string
  readonly variables: NodeJS.ProcessEnv
  /** Who it runs as; the supervisor's own user when absent. */
  readonly user?: { readonly uid: number; readonly gid: number } | undefined
  /** Takes stdout and stderr. */
  readonly output: number
  /** How messages call the program, where the function knows it by another path. */
  readonly displayPath?: string
  /** It is the function's own file, which the system has to be able to run. */
  readonly isOwnFile?: boolean
  /** What it reads on descriptor 3; absent for most, which have none. */
  readonly input?: Readable
  /** Called once, never from within the start. */
  readonly onExit: (exit: ProcessExit) => void
}

/** Starts a process of the function; failures to start are told by `onExit`. */
export function startProcessGroup(options: ProcessGroupOptions): ProcessGroup {
  const { onExit, displayPath } = options
  try {
    const child = launch(options)
    preferForOomKill(child)
    return watch(child, onExit, displayPath)
  } catch (error) {
    return noProcess({ code: null, signal: null, launchError: launchErrorOf(error, displayPath) }, onExit)
  }
}

/** What stands for a process that could not be started: it ends at once. */
export function noProcess(exit: ProcessExit, onExit: (exit: ProcessExit) => void): ProcessGroup {
  setImmediate(onExit, exit)
  return absent
}

const absent: ProcessGroup = { pid: undefined, terminate: nothing, kill: nothing, freeze: nothing, thaw: nothing }

function launch({ command, folder, variables, output, user, input, isOwnFile }: ProcessGroupOptions): ChildProcess {
  const [file = '', ...args] = command
  if (isOwnFile === true) refuseForeignProgram(file)
  const child = spawn(file, args, {
    cwd: folder,
    env: variables,
    stdio: ['ignore', output, output, ...(input === undefined ? [] : ['pipe' as const])],
    // A session and process group of its own, so that one signal reaches all that it starts.
    detached: true,
    ...user,
  })
  // It may be gone before it was told.
  if (input !== undefined) input.pipe(child.stdio[3] as Writable).on('error', () => undefined)
  return child
}

/** Where memory runs out, the kernel shall end the function's processes and not the supervisor, which tells of it. */
function preferForOomKill({ pid }: ChildProcess): void {
  if (pid === undefined) return
  try {
    writeFileSync(`/proc/${String(pid)}/oom_score_adj`, '1000')
  } catch {
    // Not every system lets it be said.
  }
}

function watch(
  child: ChildProcess,
  onExit: (exit: ProcessExit) => void,
  displayPath: string | undefined,
): ProcessGroup {
  const { pid } = child
  child.once('error', (error) => {
    if (pid === undefined) onExit({ code: null, signal: null, launchError: launchErrorOf(error, displayPath) })
  })
  if (pid === undefined) return absent
  /** The groups that were seen last, when they were frozen or asked to end. */
  let seen = [pid]
  child.once('exit', (code, signalName) => {
    // What the process started must not outlive it.
    signalAll(seen, 'SIGKILL')
    onExit({ code, signal: signalName })
  })
  return {
    pid,
    terminate: () => {
      seen = [pid, ...groupsBelow(pid)]
      signal(-pid, 'SIGTERM')
    },
    kill: () => {
      seen = stopTree(pid)
      signalAll(seen, 'SIGKILL')
    },
    freeze: () => {
      seen = stopTree(pid)
    },
    thaw: () => {
      signalAll(seen, 'SIGCONT')
      seen = [pid]
    },
  }
}

/** Stops a process group and all below it, and answers the groups: what is stopped starts nothing more. */
function stopTree(pid: number): number[] {
  const stopped: number[] = []
  for (let added = [pid]; added.length > 0; added = groupsBelow(pid).filter((group) => !stopped.includes(group))) {
    signalAll(added, 'SIGSTOP')
    stopped.push(...added)
  }
  return stopped
}

/** The other groups of what descends from a process. */
function groupsBelow(pid: number): number[] {
  return groupsOf(processTree(pid)).filter((group) => group !== pid)
}

function signalAll(groups: readonly number[], name: NodeJS.Signals): void {
  for (const group of groups) signal(-group, name)
}

const systemMessages: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  ENOENT: 'no such file or directory',
  ENOEXEC: 'exec format error',
}

function launchErrorOf(fault: unknown, displayPath: string | undefined): string {
  const error = fault as NodeJS.ErrnoException
  const file = displayPath ?? error.path ?? 'runtime'
  return `fork/exec ${file}: ${systemMessages[error.code ?? ''] ?? error.message}`
}

function nothing(): void {
  // There is no process.
}
