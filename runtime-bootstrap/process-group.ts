import { spawn, type ChildProcess } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import type { Readable, Writable } from 'node:stream'

/** How a process ended. */
export interface ProcessExit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** Set when it could not even be started. */
  readonly launchError?: string
}

/** One process and whatever it started, as far as it is of the same process group. */
export interface ProcessGroup {
  readonly pid: number | undefined
  /** Asks all of them to end. */
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
  readonly shownAs?: string
  /** What it reads on descriptor 3; absent for most, which have none. */
  readonly told?: Readable
  /** Called once, never from within the start. */
  readonly onExit: (exit: ProcessExit) => void
}

/** Starts a process of the function; failures to start are told by `onExit`. */
export function startProcessGroup(options: ProcessGroupOptions): ProcessGroup {
  const { onExit, shownAs } = options
  try {
    const child = launch(options)
    offerToKernel(child)
    return watch(child, onExit, shownAs)
  } catch (error) {
    return noProcess({ code: null, signal: null, launchError: launchErrorOf(error, shownAs) }, onExit)
  }
}

/** What stands for a process that could not be started: it ends at once. */
export function noProcess(exit: ProcessExit, onExit: (exit: ProcessExit) => void): ProcessGroup {
  setImmediate(onExit, exit)
  return { pid: undefined, terminate: nothing, kill: nothing, freeze: nothing, thaw: nothing }
}

function launch({ command, folder, variables, output, user, told }: ProcessGroupOptions): ChildProcess {
  const [file = '', ...args] = command
  const child = spawn(file, args, {
    cwd: folder,
    env: variables,
    stdio: ['ignore', output, output, ...(told === undefined ? [] : ['pipe' as const])],
    // A session and process group of its own, so that one signal reaches all that it starts.
    detached: true,
    ...user,
  })
  // It may be gone before it was told.
  if (told !== undefined) told.pipe(child.stdio[3] as Writable).on('error', () => undefined)
  return child
}

/** Where memory runs out, the kernel shall end the function's processes and not the supervisor, which tells of it. */
function offerToKernel({ pid }: ChildProcess): void {
  if (pid === undefined) return
  try {
    writeFileSync(`/proc/${String(pid)}/oom_score_adj`, '1000')
  } catch {
    // Not every system lets it be said.
  }
}

function watch(child: ChildProcess, onExit: (exit: ProcessExit) => void, shownAs: string | undefined): ProcessGroup {
  const signalGroup = (signal: NodeJS.Signals): void => {
    if (child.pid === undefined) return
    try {
      process.kill(-child.pid, signal)
    } catch {
      // The group is gone already.
    }
  }
  child.once('error', (error) => {
    if (child.pid === undefined) onExit({ code: null, signal: null, launchError: launchErrorOf(error, shownAs) })
  })
  child.once('exit', (code, signal) => {
    // What the process started must not outlive it.
    signalGroup('SIGKILL')
    onExit({ code, signal })
  })
  return {
    pid: child.pid,
    terminate: () => signalGroup('SIGTERM'),
    kill: () => signalGroup('SIGKILL'),
    freeze: () => signalGroup('SIGSTOP'),
    thaw: () => signalGroup('SIGCONT'),
  }
}

const systemMessages: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  ENOENT: 'no such file or directory',
  ENOEXEC: 'exec format error',
}

function launchErrorOf(fault: unknown, shownAs: string | undefined): string {
  const error = fault as NodeJS.ErrnoException
  const file = shownAs ?? error.path ?? 'runtime'
  return `fork/exec ${file}: ${systemMessages[error.code ?? ''] ?? error.message}`
}

function nothing(): void {
  // There is no process.
}
