import { mkdir, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { homeFolders } from './installation.ts'
import { tryPlainUsers } from './plain-users.ts'
import { isOpenToAll, isShown, planPrivateRoot, supervisorFolder } from './private-root.ts'
import {
  fileTable,
  mountTable,
  sandboxCommand,
  showTable,
  usersOf,
  type Isolation,
  type Sandbox,
  type User,
} from './sandbox.ts'
import { runTrial, type Trial } from './trial.ts'

/** What `KUBELAMBDA_ISOLATION` asks for. */
export type IsolationPolicy = 'auto' | 'required' | 'none'

export interface IsolationOptions {
  readonly dataFolder: string
  readonly supervisorFile: string
  readonly runtimesFolder: string
  readonly searchPath: string
  /** Homes that functions must not see; those of this machine's users unless given. */
  readonly homeFolders?: readonly string[] | undefined
  /** The file of the launcher, beside the supervisor's; absent where it does not work. */
  readonly launcher?: string | undefined
  /** A user that an environment may get; absent where the server may not give it any. */
  readonly user?: User | undefined
  /** How long each try of a kind may take, in milliseconds; there are as many tries. */
  readonly trialsMs?: readonly number[]
}

/** The best isolation that works here, with the error of each attempt. */
export interface FoundIsolation {
  /** Absent when none of the kinds works. */
  readonly kind?: Isolation
  readonly sandbox?: Sandbox
  readonly complaints: readonly string[]
}

/** A machine that is busy gets more time with each try, and some time to recover in between. */
const defaultTrialsMs = [10_000, 20_000, 40_000]
const pauseMs = 500

/** Tries the given kinds of isolation in order and returns the first that works. */
export async function findIsolation(options: IsolationOptions, kinds: readonly Isolation[]): Promise<FoundIsolation> {
  const complaints: string[] = []
  for (const kind of kinds) {
    if (kind === 'none') return { kind, complaints }
    const sandbox = kind === 'users' ? undefined : await prepareSandbox(kind, options)
    const complaint = await tryKind(sandbox, options)
    if (complaint === undefined) return { kind, complaints, ...(sandbox === undefined ? {} : { sandbox }) }
    complaints.push(`${kind}: ${complaint}`)
  }
  return { complaints }
}

/** Tries again what failed for want of time or descriptors: functions must not lose their isolation by that. */
async function tryKind(sandbox: Sandbox | undefined, options: IsolationOptions): Promise<string | undefined> {
  if (sandbox !== undefined && !isShown(sandbox.mounts, process.execPath)) return hiddenNode
  const trialsMs = options.trialsMs ?? defaultTrialsMs
  for (const [index, deadlineMs] of trialsMs.entries()) {
    const trial = await (sandbox === undefined
      ? tryPlainUsers(options, options.user, deadlineMs)
      : trySandbox(sandbox, options.user, deadlineMs))
    if (trial.complaint === undefined) return undefined
    if (trial.isInWant !== true || index === trialsMs.length - 1) return trial.complaint
    await delay(pauseMs)
  }
  return 'it was not tried'
}

const hiddenNode =
  `the Node.js that runs the server, ${process.execPath}, is in a folder that functions must not see: ` +
  'move it to a folder of its own'

/** The kinds of isolation that this process's user may be able to use, best first. */
export function isolationKinds(policy: IsolationPolicy = 'required'): Isolation[] {
  if (policy === 'none') return ['none']
  const isLinux = process.platform === 'linux'
  const isRoot = process.getuid?.() === 0
  const sandboxes: Isolation[] = isLinux ? [...(isRoot ? (['root'] as const) : []), 'bubblewrap', 'namespaces'] : []
  if (policy === 'required') return sandboxes
  // Functions never run as root unless the setting says so.
  return [...sandboxes, isLinux && isRoot ? 'users' : 'none']
}

async function prepareSandbox(isolation: Sandbox['isolation'], options: IsolationOptions): Promise<Sandbox> {
  const { dataFolder } = options
  const hiddenFolders = [...(options.homeFolders ?? homeFolders()), process.cwd()]
  const planned = planPrivateRoot({ ...options, hiddenFolders, supervisorFolder: dirname(options.supervisorFile) })
  const isForOthers = options.user !== undefined && isolation !== 'root'
  const mounts = isForOthers ? planned.filter((mount) => mount.kind !== 'bind' || isOpenToAll(mount.from)) : planned
  const folder = join(dataFolder, 'run')
  const stage = join(folder, 'stage')
  const table = join(folder, `mounts-${isolation}`)
  await mkdir(stage, { recursive: true })
  await mkdir(join(folder, 'trial'), { recursive: true })
  await writeFile(table, mountTable(mounts, stage))
  await writeFile(`${table}.files`, fileTable(mounts, stage))
  const launcher = options.launcher && `${supervisorFolder}/${basename(options.launcher)}`
  return { isolation, mounts, stage, table, dataFolder, launcher }
}

/** Starts a trial environment that checks that the data folder is hidden. */
async function trySandbox(sandbox: Sandbox, user: User | undefined, deadlineMs: number): Promise<Trial> {
  const check = `test -d /var/task && test -w /tmp && test ! -e "${sandbox.table}"`
  const { user: own, startAs } = usersOf(sandbox, user)
  const command = sandboxCommand(sandbox, own, ['/bin/sh', '-c', check])
  const input = showTable(sandbox, { code: 'run/trial', temporaryMb: 1024 })
  const trial = await runTrial({ command, input, deadlineMs, user: startAs })
  if (trial.complaint !== undefined || trial.output === 'mounted\n') return trial
  return { complaint: 'the code could not be bound' }
}
