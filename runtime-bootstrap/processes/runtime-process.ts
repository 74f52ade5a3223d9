import { findEntryPoint } from './entry-point.ts'
import { noProcess, startProcessGroup, type ProcessExit, type ProcessGroup } from './process-group.ts'
import type { Assignment } from '../protocol/protocol.ts'
import type { Standby } from './standby.ts'

/** How to start a process of the function. */
export interface RuntimeProcessOptions {
  readonly assignment: Assignment
  readonly apiAddress: string
  /** The file descriptor for stdout and stderr. */
  readonly output: number
  /** A standby runtime, to be used instead of a new process where possible. */
  readonly standby?: Standby | undefined
  /** Called once, never synchronously. */
  readonly onExit: (exit: ProcessExit) => void
}

/** Starts the runtime. Start failures are reported through `onExit`. */
export function startRuntimeProcess(options: RuntimeProcessOptions): ProcessGroup {
  const { assignment, output, onExit } = options
  const entryPoint = findEntryPoint(assignment)
  if ('error' in entryPoint) return noProcess({ code: null, signal: null, launchError: entryPoint.error }, onExit)
  if ('exitCode' in entryPoint) return noProcess({ code: entryPoint.exitCode, signal: null }, onExit)
  const { command } = entryPoint
  const folder = assignment.mount === true ? '/var/task' : assignment.codeFolder
  const ownFolders = [folder, assignment.layerFolder ?? '/opt']
  const start = { command, folder, variables: functionVariables(options), user: assignment.user, ownFolders }
  const waiting = options.standby?.take(start, onExit)
  if (waiting !== undefined) return waiting
  return startProcessGroup({
    ...start,
    output,
    ...(command[0]?.endsWith('/bootstrap') === true ? { displayPath: '/var/task/bootstrap', isOwnFile: true } : {}),
    onExit,
  })
}

/** All environment variables of the function's processes. */
export function functionVariables({ assignment, apiAddress }: RuntimeProcessOptions): NodeJS.ProcessEnv {
  return { ...imageVariables(assignment), ...assignment.variables, AWS_LAMBDA_RUNTIME_API: apiAddress }
}

/** The image's variables, without those that the cluster adds. */
function imageVariables({ isImage }: Assignment): NodeJS.ProcessEnv {
  if (isImage !== true) return {}
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(KUBERNETES_|HOSTNAME$)/.test(name)))
}
