import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { findEntryPoint } from './entry-point.ts'
import type { Assignment } from './protocol.ts'

/** How a runtime ended. */
export interface RuntimeExit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** Set when it could not even be started. */
  readonly launchError?: string
}

/** The function's processes: the runtime and whatever it started, one process group. */
export interface RuntimeProcess {
  readonly pid: number | undefined
  /** Ends all of them at once. */
  kill(): void
  /** Stops all of them until `thaw`. */
  freeze(): void
  /** Lets frozen processes run on; nothing when they are not frozen. */
  thaw(): void
}

export interface RuntimeProcessOptions {
  readonly assignment: Assignment
  readonly apiAddress: string
  /** Takes stdout and stderr. */
  readonly output: number
  /** Called once, never from within the start. */
  readonly onExit: (exit: RuntimeExit) => void
}

/** Starts the runtime; failures to start are told by `onExit`. */
export function startRuntimeProcess(options: RuntimeProcessOptions): RuntimeProcess {
  const { onExit } = options
  const entryPoint = findEntryPoint(options.assignment)
  const fail = (exit: RuntimeExit): RuntimeProcess => {
    setImmediate(onExit, exit)
    return { pid: undefined, kill: nothing, freeze: nothing, thaw: nothing }
  }
  if ('error' in entryPoint) return fail({ code: null, signal: null, launchError: entryPoint.error })
  if ('exitCode' in entryPoint) return fail({ code: entryPoint.exitCode, signal: null })
  try {
    const child = launch(entryPoint.command, options)
    offerToKernel(child)
    return watch(child, onExit)
  } catch (error) {
    return fail({ code: null, signal: null, launchError: launchErrorOf(error as NodeJS.ErrnoException) })
  }
}

function launch(command: readonly string[], { assignment, apiAddress, output }: RuntimeProcessOptions): ChildProcess {
  const [file = '', ...args] = command
  const spawnOptions: SpawnOptions = {
    cwd: assignment.mount === true ? '/var/task' : assignment.codeFolder,
    env: { ...imageVariables(assignment), ...assignment.variables, AWS_LAMBDA_RUNTIME_API: apiAddress },
    stdio: ['ignore', output, output],
    // A session and process group of its own, so that one signal reaches all of the function's processes.
    detached: true,
    ...assignment.user,
  }
  return spawn(file, args, spawnOptions)
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

/** What the image sets, without what the cluster adds. */
function imageVariables({ isImage }: Assignment): NodeJS.ProcessEnv {
  if (isImage !== true) return {}
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(KUBERNETES_|HOSTNAME$)/.test(name)))
}

function watch(child: ChildProcess, onExit: (exit: RuntimeExit) => void): RuntimeProcess {
  let isFrozen = false
  const signalGroup = (signal: NodeJS.Signals): void => {
    if (child.pid === undefined) return
    try {
      process.kill(-child.pid, signal)
    } catch {
      // The group is gone already.
    }
  }
  child.once('error', (error) => {
    if (child.pid === undefined) onExit({ code: null, signal: null, launchError: launchErrorOf(error) })
  })
  child.once('exit', (code, signal) => {
    // What the runtime started must not outlive it.
    signalGroup('SIGKILL')
    onExit({ code, signal })
  })
  return {
    pid: child.pid,
    kill: () => signalGroup('SIGKILL'),
    freeze: () => {
      isFrozen = true
      signalGroup('SIGSTOP')
    },
    thaw: () => {
      if (!isFrozen) return
      isFrozen = false
      signalGroup('SIGCONT')
    },
  }
}

const systemMessages: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  ENOENT: 'no such file or directory',
  ENOEXEC: 'exec format error',
}

function launchErrorOf(error: NodeJS.ErrnoException): string {
  const file = (error.path ?? '').endsWith('/bootstrap') ? '/var/task/bootstrap' : (error.path ?? 'runtime')
  return `fork/exec ${file}: ${systemMessages[error.code ?? ''] ?? error.message}`
}

function nothing(): void {
  // There is no process.
}
