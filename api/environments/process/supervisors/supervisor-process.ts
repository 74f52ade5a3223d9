import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process'
import { chownSync, mkdirSync, rmSync } from 'node:fs'
import { constants } from 'node:os'
import { join, relative } from 'node:path'
import type { Duplex, Readable, Writable } from 'node:stream'
import type { Assignment } from '../../../../runtime-bootstrap/protocol/protocol.ts'
import type { FunctionEnding } from '../../driver/driver.ts'
import type { FoundRuntime } from '../../driver/found-runtime.ts'
import { endProcessesOf, endProcessesWith } from './leftover-processes.ts'
import { lookupDescriptor } from '../launcher/launcher.ts'
import { sandboxVariables } from '../isolation/trial.ts'
import { supervisorFolder, runtimeFolder } from '../isolation/private-root.ts'
import { sandboxCommand, showTable, usersOf, type Sandbox, type User } from '../isolation/sandbox.ts'
import { standbyVariables } from '../runtimes/standby-variables.ts'
import type { EnvironmentFolders } from '../../driver/variables.ts'

/** A supervisor in its own sandbox, if any, that has no function yet. */
export interface SupervisorProcess {
  readonly id: string
  readonly channel: Duplex
  readonly exited: Promise<void>
  isRunning(): boolean
  /** How the function ended its supervisor, once that has ended; absent where the two have different users. */
  readonly endedByFunction?: () => Promise<FunctionEnding | undefined>
  /** Makes the code visible to the function. Rejects when that fails or takes too long. */
  show(code: CodeFolders): Promise<Shown>
  kill(): void
}

export interface CodeFolders {
  readonly codeFolder: string
  readonly layerFolder?: string
  /** What `/var/lang` is to be. */
  readonly languageFolder?: string | undefined
  readonly temporaryMb: number
}

/** Where the code is, for the supervisor and for the variables of the function. */
export interface Shown {
  readonly assignment: Pick<Assignment, 'codeFolder' | 'layerFolder' | 'user'>
  readonly folders: EnvironmentFolders
}

export interface SupervisorOptions {
  readonly id: string
  /** The environment's own user; absent where functions run as the server's, or as the user of their namespace. */
  readonly user?: User | undefined
  readonly dataFolder: string
  readonly supervisorFile: string
  readonly runtimesFolder: string
  readonly nodeFlags: readonly string[]
  readonly sandbox?: Sandbox
  /** The file of the launcher, if it works here. */
  readonly launcher?: string | undefined
  /** The standby runtime. */
  readonly runtime?: FoundRuntime | undefined
}

/** The supervisor ended before the code was visible. */
export class SupervisorEnded extends Error {}

const showDeadlineMs = 10_000
const mounted: EnvironmentFolders = {
  taskRoot: '/var/task',
  runtimeDir: runtimeFolder,
  layers: '/opt',
  isMounted: true,
}

/** Starts a supervisor in advance. */
export function startSupervisor(options: SupervisorOptions): SupervisorProcess {
  return options.sandbox === undefined ? startPlain(options) : startSandboxed(options, options.sandbox)
}

function startSandboxed(options: SupervisorOptions, sandbox: Sandbox): SupervisorProcess {
  const file = options.supervisorFile.slice(options.supervisorFile.lastIndexOf('/') + 1)
  const supervisor = [process.execPath, ...options.nodeFlags, `${supervisorFolder}/${file}`]
  const { user, startAs } = usersOf(sandbox, options.user)
  const runsAs = sandbox.isolation === 'root' ? { user } : {}
  const standby = standbyVariables(options.runtime, mounted, runsAs)
  const own = { KUBELAMBDA_OWN_PROCESSES: 'yes', KUBELAMBDA_CLIENTS: clients('processes', sandbox.launcher) }
  const variables = { ...sandboxVariables, ...own, ...standby }
  const child = start(
    sandboxCommand(sandbox, user, supervisor),
    ['pipe', 'pipe', 'inherit', 'pipe'],
    variables,
    startAs,
  )
  const [instructions, replies] = child.process.stdio as unknown as [Writable, Readable]
  instructions.on('error', () => undefined)
  replies.on('error', () => undefined)
  const show = async (code: CodeFolders): Promise<Shown> => {
    const { dataFolder } = options
    const layers = code.layerFolder === undefined ? {} : { layers: relative(dataFolder, code.layerFolder) }
    const language = code.languageFolder && relative(dataFolder, code.languageFolder)
    const folders = { code: relative(dataFolder, code.codeFolder), ...layers, language, temporaryMb: code.temporaryMb }
    child.handOver()
    const isShown = replyOf(replies, options.id)
    instructions.end(showTable(sandbox, folders))
    await isShown
    return {
      assignment: {
        codeFolder: '/var/task',
        ...(code.layerFolder === undefined ? {} : { layerFolder: '/opt' }),
        ...runsAs,
      },
      folders: mounted,
    }
  }
  const ending = sandbox.isolation === 'root' ? {} : { endedByFunction: child.endedBySignal }
  return { id: options.id, ...child, ...ending, show }
}

/** Whose connections the supervisor takes, and by which descriptor of the launcher's it finds out, as `main.ts` reads it. */
function clients(of: 'processes' | number = process.getuid?.() ?? 0, launcher: string | undefined): string {
  return launcher === undefined ? String(of) : `${String(of)} ${String(lookupDescriptor)}`
}

/** Waits for the acknowledgement that the code is mounted. */
function replyOf(replies: Readable, id: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const deadline = setTimeout(() => reject(new Error(unbound(id))), showDeadlineMs)
    replies.once('data', () => resolve())
    replies.once('close', () => reject(new SupervisorEnded(unbound(id))))
    replies.once('data', () => clearTimeout(deadline))
    replies.once('close', () => clearTimeout(deadline))
  })
}

function unbound(id: string): string {
  return `Environment ${id} could not bind the function's code`
}

function startPlain(options: SupervisorOptions): SupervisorProcess {
  const { id, supervisorFile, runtimesFolder, dataFolder, user, launcher } = options
  const runsAs = user === undefined ? {} : { user }
  const temporary = join(dataFolder, 'run', 'tmp', id)
  mkdirSync(temporary, { recursive: true, mode: 0o711 })
  if (user !== undefined) chownSync(temporary, user.uid, user.gid)
  const command = [
    ...(launcher === undefined ? [] : [launcher]),
    process.execPath,
    ...options.nodeFlags,
    supervisorFile,
  ]
  const unknown = { taskRoot: '/', runtimeDir: runtimesFolder, layers: '/opt', temporary, isMounted: false }
  const own = process.platform === 'linux' ? { KUBELAMBDA_CLIENTS: clients(user?.uid, launcher) } : {}
  const variables = {
    ...sandboxVariables,
    ...own,
    TMPDIR: temporary,
    ...standbyVariables(options.runtime, unknown, runsAs),
  }
  const child = start(command, ['ignore', 'inherit', 'inherit', 'pipe'], variables)
  const exited = child.exited.then(async () => {
    // The supervisor's children survive when it is killed; their user or their temporary folder identifies them.
    await (user === undefined ? endProcessesWith(`TMPDIR=${temporary}`) : endProcessesOf(user.uid))
    rmSync(temporary, { recursive: true, force: true })
  })
  const show = ({ codeFolder, layerFolder }: CodeFolders): Promise<Shown> => {
    child.handOver()
    const layers = layerFolder ?? '/opt'
    const folders = { taskRoot: codeFolder, runtimeDir: runtimesFolder, layers, temporary, isMounted: false }
    return Promise.resolve({
      assignment: { codeFolder, ...(layerFolder === undefined ? {} : { layerFolder }), ...runsAs },
      folders,
    })
  }
  const ending = user === undefined ? { endedByFunction: child.endedBySignal } : {}
  return { id, ...child, ...ending, exited, show }
}

function start(command: readonly string[], stdio: StdioOptions, env: Readonly<Record<string, string>>, user?: User) {
  const [file = '', ...args] = command
  // In a process group of its own: Ctrl-C in a terminal signals the server's group, and running invocations may end first.
  const child: ChildProcess = spawn(file, args, { cwd: '/', env, stdio, detached: true, ...user })
  const channel = child.stdio[3] as unknown as Duplex
  channel.on('error', () => undefined)
  // Bubblewrap's second process waits for the first, for ever when that was killed too early to tell it to end: its group ends with it.
  const endGroup = () => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    } catch {
      // No process of the group is left.
    }
  }
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => {
      endGroup()
      resolve()
    })
    child.once('error', () => resolve())
  })
  const isRunning = () =>
    child.pid !== undefined && child.exitCode === null && child.signalCode === null && !channel.destroyed
  let isKilled = false
  const kill = () => {
    isKilled = true
    if (child.exitCode === null && child.signalCode === null) endGroup()
  }
  const endedBySignal = async () => {
    await exited
    return isKilled ? undefined : signalOf(child)
  }
  return { process: child, channel, exited, isRunning, kill, endedBySignal, handOver: watchUntilUsed(channel, kill) }
}

/**
 * Ends a waiting environment when its supervisor has ended: the shell around it would go on waiting. Only a channel that is read tells of its
 * end. Returns a function that hands the channel over to its user, with all that came.
 */
function watchUntilUsed(channel: Duplex, end: () => void): () => void {
  const received: Buffer[] = []
  const keep = (bytes: Buffer) => void received.push(bytes)
  channel.on('data', keep).once('close', end)
  return () => {
    channel.off('data', keep).off('close', end).pause()
    if (!channel.destroyed) for (const bytes of received.reverse()) channel.unshift(bytes)
  }
}

/** A supervisor that gets SIGTERM ends in order. The shell around it exits with 128 and the number of the signal. */
function signalOf({ exitCode, signalCode }: ChildProcess): FunctionEnding | undefined {
  if (exitCode === 0 || exitCode === 128 + constants.signals.SIGTERM || signalCode === 'SIGTERM') return 'terminated'
  return (exitCode ?? 0) > 128 || signalCode !== null ? 'killed' : undefined
}
