import { spawn, type ChildProcess } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import type { Readable, Writable } from 'node:stream'
import { refuseForeignProgram } from './program-file.ts'
import { groupsOf, processTree, signal } from './process-tree.ts'

/** The exit of a process. */
export interface ProcessExit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** Set when it could not be started. */
  readonly launchError?: string
}

/**
 * One process and its descendants: its process group, and descendants in other groups as long as their ancestors are alive, such
 * as the parts of a browser.
 */
export interface ProcessGroup {
  readonly pid: number | undefined
  /** Sends SIGTERM to its own group. */
  terminate(): void
  /** Sends SIGKILL to all of them. */
  kill(): void
  /** Stops all of them until `thaw`. */
  freeze(): void
  /** Resumes frozen processes. */
  thaw(): void
}

export interface ProcessGroupOptions {
  readonly command: readonly string[]
  readonly folder: string
  readonly variables: NodeJS.ProcessEnv
  /** The user that it runs as; the supervisor's own when absent. */
  readonly user?: { readonly uid: number; readonly gid: number } | undefined
  /** The file descriptor for stdout and stderr. */
  readonly output: number
  /** The program's path in messages, where the function knows it by another one. */
  readonly displayPath?: string
  /** Set for the function's own file, which must be executable by the kernel. */
  readonly isOwnFile?: boolean
  /** Input on descriptor 3, for a standby runtime. */
  readonly input?: Readable
  /** Called once, never synchronously. */
  readonly onExit: (exit: ProcessExit) => void
}

/** Starts a process of the function. Start failures are reported through `onExit`. */
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

/** A placeholder for a process that could not be started: it exits at once. */
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
    // Its own session and process group, so that one signal reaches all of its children.
    detached: true,
    ...user,
  })
  // It may exit before it has read its input.
  if (input !== undefined) input.pipe(child.stdio[3] as Writable).on('error', () => undefined)
  return child
}

/** When memory runs out, the kernel must kill the function's processes rather than the supervisor, which reports it. */
function preferForOomKill({ pid }: ChildProcess): void {
  if (pid === undefined) return
  try {
    writeFileSync(`/proc/${String(pid)}/oom_score_adj`, '1000')
  } catch {
    // Not every system has this file.
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
  /** The groups found at the last freeze or signal. */
  let seen = [pid]
  child.once('exit', (code, signalName) => {
    // Its children must not outlive it.
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

/** Stops a process group and all below it, so that they start no more processes; returns the groups. */
function stopTree(pid: number): number[] {
  const stopped: number[] = []
  for (let added = [pid]; added.length > 0; added = groupsBelow(pid).filter((group) => !stopped.includes(group))) {
    signalAll(added, 'SIGSTOP')
    stopped.push(...added)
  }
  return stopped
}

/** The other process groups among a process's descendants. */
function groupsBelow(pid: number): number[] {
  return groupsOf(processTree(pid)).filter((group) => group !== pid)
}

function signalAll(groups: readonly number[], name: NodeJS.Signals): void {
  for (const group of groups) signal(-group, name)
}

const systemMessages: ReadonlyMap<string, string> = new Map([
  ['EACCES', 'permission denied'],
  ['ENOENT', 'no such file or directory'],
  ['ENOEXEC', 'exec format error'],
])

function launchErrorOf(fault: unknown, displayPath: string | undefined): string {
  const error = fault as NodeJS.ErrnoException
  const file = displayPath ?? error.path ?? 'runtime'
  return `fork/exec ${file}: ${systemMessages.get(error.code ?? '') ?? error.message}`
}

function nothing(): void {
  // There is no process.
}
