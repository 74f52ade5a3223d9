import { spawn } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { homeFolders } from './installation.ts'
import { isShown, planPrivateRoot } from './private-root.ts'
import {
  fileTable,
  mappedUser,
  mountTable,
  sandboxCommand,
  showTable,
  type Isolation,
  type Sandbox,
  type User,
} from './sandbox.ts'

export interface IsolationOptions {
  readonly dataFolder: string
  readonly supervisorFile: string
  readonly runtimesFolder: string
  readonly searchPath: string
  /** Homes that functions must not see; those of this machine's users unless given. */
  readonly homeFolders?: readonly string[] | undefined
}

/** The best isolation that works here, or none, with the error of each attempt. */
export interface FoundIsolation {
  readonly sandbox?: Sandbox
  readonly complaints: readonly string[]
}

/** Tries the given kinds of isolation in order and returns the first that works. */
export async function findIsolation(options: IsolationOptions, kinds: readonly Isolation[]): Promise<FoundIsolation> {
  const complaints: string[] = []
  for (const isolation of kinds) {
    if (isolation === 'none') continue
    const sandbox = await prepareSandbox(isolation, options)
    const complaint = hiddenNode(sandbox) ?? (await trySandbox(sandbox))
    if (complaint === undefined) return { sandbox, complaints }
    complaints.push(`${isolation}: ${complaint}`)
  }
  return { complaints }
}

function hiddenNode({ mounts }: Sandbox): string | undefined {
  if (isShown(mounts, process.execPath)) return undefined
  return (
    `the Node.js that runs the server, ${process.execPath}, is in a folder that functions must not see: ` +
    'move it to a folder of its own'
  )
}

/** The kinds of isolation that this process's user may be able to use. */
export function isolationKinds(): Isolation[] {
  if (process.platform !== 'linux') return []
  return process.getuid?.() === 0 ? ['root', 'bubblewrap', 'namespaces'] : ['bubblewrap', 'namespaces']
}

async function prepareSandbox(isolation: Sandbox['isolation'], options: IsolationOptions): Promise<Sandbox> {
  const { dataFolder } = options
  const hiddenFolders = [...(options.homeFolders ?? homeFolders()), process.cwd()]
  const mounts = planPrivateRoot({ ...options, hiddenFolders, supervisorFolder: dirname(options.supervisorFile) })
  const folder = join(dataFolder, 'run')
  const stage = join(folder, 'stage')
  const table = join(folder, `mounts-${isolation}`)
  await mkdir(stage, { recursive: true })
  await mkdir(join(folder, 'trial'), { recursive: true })
  await writeFile(table, mountTable(mounts, stage))
  await writeFile(`${table}.files`, fileTable(mounts, stage))
  return { isolation, mounts, stage, table, dataFolder }
}

/** Starts a trial environment that checks that the data folder is hidden. Returns the error, if any. */
async function trySandbox(sandbox: Sandbox): Promise<string | undefined> {
  const check = `test -d /var/task && test -w /tmp && test ! -e "${sandbox.table}"`
  const user: User = sandbox.isolation === 'root' ? { uid: 100_000, gid: 100_000 } : mappedUser
  const [command = '', ...args] = sandboxCommand(sandbox, user, ['sh', '-c', check])
  // `unshare` waits with SIGTERM blocked: only SIGKILL ends a trial that hangs, and with it all that it started.
  const limits = { timeout: 10_000, killSignal: 'SIGKILL' } as const
  const child = spawn(command, args, { cwd: '/', env: sandboxVariables, stdio: 'pipe', ...limits })
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('close', (code) => resolve(code === 0 ? '' : `ended with status ${String(code)}`))
  })
  child.stdin.on('error', () => undefined)
  child.stdin.end(showTable(sandbox, { code: 'run/trial', temporaryMb: 1024 }))
  const [end, output, errors] = await Promise.all([ended, text(child.stdout), text(child.stderr)])
  if (end === '' && output === 'mounted\n') return undefined
  return errors.trim().split('\n')[0] || end || 'the code could not be bound'
}

/** All environment variables of the commands that set up a sandbox: none of the server's. */
export const sandboxVariables: Readonly<Record<string, string>> = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
}
