import { randomBytes } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { supervisorNodeFlags } from '../../../runtime-bootstrap/protocol/node-flags.ts'
import type { CodeHolds } from '../../functions/code/code-holds.ts'
import { layerStackSha256, type CodeStore } from '../../functions/code/code-store.ts'
import type { Log } from '../../observe/log.ts'
import { assignmentOf } from '../driver/assignment.ts'
import {
  RuntimeUnavailable,
  type Driver,
  type EnvironmentSpec,
  type IsolationReport,
  type Launched,
} from '../driver/driver.ts'
import { ofSize, type FoundRuntime } from '../driver/found-runtime.ts'
import { findIsolation, isolationKinds, type FoundIsolation, type IsolationPolicy } from './isolation/isolation.ts'
import { isolationWarning, isolationFault, reportOf } from './isolation/isolation-report.ts'
import { isShown } from './isolation/private-root.ts'
import { userAllocator } from './isolation/user-ids.ts'
import { workingLaunchers } from './isolation/working-launcher.ts'
import { buildRuntimeClients } from './bundles/runtime-clients.ts'
import { languageFolders } from './runtimes/language-folder.ts'
import { rememberRuntimes, type RememberedRuntime } from './runtimes/recent-runtimes.ts'
import { createRuntimeFinder, type FindRuntime } from './runtimes/runtime-finder.ts'
import type { Isolation } from './isolation/sandbox.ts'
import { Spares } from './supervisors/spares.ts'
import { startCommand } from './runtimes/start-command.ts'
import { startSupervisor, type SupervisorProcess } from './supervisors/supervisor-process.ts'

export interface ProcessDriverOptions {
  readonly codeStore: Pick<CodeStore, 'unpacked' | 'unpackedStack'>
  /** Is told which packages environments run from. */
  readonly codeHolds?: Pick<CodeHolds, 'hold'>
  /** The data of the server, hidden from functions; unpacked code is below it. */
  readonly dataFolder: string
  /** The bundled supervisor, alone in its folder, from `buildSupervisor`. */
  readonly supervisorFile: string
  readonly accountId: string
  readonly region: string
  readonly log: Pick<Log, 'info' | 'warn'>
  /** How many spare supervisors to keep. */
  readonly spares?: number
  /** What must be isolated; `auto` by default. */
  readonly policy?: IsolationPolicy
  /** Kinds of isolation to try instead of the policy's, best first. */
  readonly isolation?: readonly Isolation[]
  /** Flags of the supervisor's Node.js. */
  readonly nodeFlags?: readonly string[]
  /** Search path for interpreters; by default the PATH of the server. */
  readonly searchPath?: string
  /** Homes that functions must not see; those of this machine's users unless given. */
  readonly homeFolders?: readonly string[]
}

/** A driver of local processes. */
export interface ProcessDriver extends Driver {
  readonly isolation: IsolationReport & { readonly kind: Isolation }
}

const imageRefusal =
  'Functions of packageType Image run in Kubernetes only: this server runs functions as processes of its machine ' +
  '(KUBELAMBDA_DRIVER=process).'

/**
 * Runs environments as processes of this machine.
 *
 * 1. isolate   once at start: tries which isolation works                     isolation/
 * 2. spare     starts supervisors, isolated, in advance,                      supervisors/
 *              with a standby runtime inside                                  runtimes/standby-variables.ts
 * 3. find      the interpreter of the function's runtime                      runtimes/runtime-finder.ts
 * 4. show      mounts code at `/var/task` and layers at `/opt` in a spare,    supervisors/supervisor-process.ts
 *              and links to the interpreter at `/var/lang`                    runtimes/language-folder.ts
 * 5. assign    command and variables, which the caller sends                  runtimes/start-command.ts, ../driver/variables.ts
 */
export async function createProcessDriver(options: ProcessDriverOptions): Promise<ProcessDriver> {
  const { codeStore, log, nodeFlags = supervisorNodeFlags, searchPath = process.env.PATH ?? '' } = options
  const dataFolder = resolve(options.dataFolder)
  await rm(join(dataFolder, 'run', 'tmp'), { recursive: true, force: true })
  await mkdir(join(dataFolder, 'run'), { recursive: true })
  const runtimesFolder = await buildRuntimeClients(dataFolder)
  const folders = { dataFolder, supervisorFile: resolve(options.supervisorFile), runtimesFolder }
  const launchers = await workingLaunchers(dirname(folders.supervisorFile), log)
  const newUser = process.getuid?.() === 0 ? userAllocator(Math.random) : () => undefined
  const machine = { searchPath, homeFolders: options.homeFolders, user: newUser(0), launcher: launchers.confined }
  const found = await isolate({ ...folders, ...machine }, options, launchers.hasFilter)
  const sandbox = found.sandbox === undefined ? {} : { sandbox: found.sandbox }
  const launcher = found.kind === 'none' ? launchers.plain : launchers.confined

  const isSeen = (path: string) => found.sandbox === undefined || isShown(found.sandbox.mounts, path)
  const findRuntime = warnOnce(createRuntimeFinder(searchPath, isSeen), log)
  const languageFolderOf = found.sandbox && languageFolders(dataFolder)
  const remembered = rememberRuntimes(join(dataFolder, 'run', 'recent-runtimes'))
  let number = 0
  const startSpare = (runtime?: FoundRuntime): SupervisorProcess => {
    const id = randomBytes(8).toString('hex')
    const user = found.kind === 'none' ? undefined : newUser(++number)
    return startSupervisor({ ...folders, id, user, nodeFlags, launcher, runtime, ...sandbox })
  }
  const spares = new Spares(options.spares ?? 2, startSpare, (runtimes) => remembered.write(runtimes))
  void expectRemembered(await remembered.read(), findRuntime, spares)

  async function launch(spec: EnvironmentSpec, onTaken: (supervisor: SupervisorProcess) => void): Promise<Launched> {
    if (spec.imageUri !== undefined) throw new RuntimeUnavailable(imageRefusal)
    const [found, folders] = await Promise.all([findRuntime(spec.runtime), foldersOf(codeStore, spec)])
    const languageFolder = await languageFolderOf?.(found)
    const runtime = ofSize(found, spec.memoryMb)
    const code = { ...folders, languageFolder, temporaryMb: spec.ephemeralStorageMb }
    const { supervisor, shown } = await spares.show(runtime, code)
    onTaken(supervisor)
    const { accountId, region } = options
    const command = startCommand(runtime, shown.folders)
    const assigned = assignmentOf(spec, { accountId, region, runtime, folders: shown.folders, command })
    const assignment = { ...assigned, ...shown.assignment }
    const { id, channel, endedByFunction } = supervisor
    return { id, channel, assignment, ...(endedByFunction && { endedByFunction }), kill: () => supervisor.kill() }
  }

  return {
    isolation: reportOf(found.kind, launchers.hasFilter),
    launch: (spec) => holdingCode(options.codeHolds, spec, (onTaken) => launch(spec, onTaken)),
    prepare: async (spec) => {
      const warn = warningsOf(spec, log)
      if (spec.imageUri !== undefined) {
        warn(new RuntimeUnavailable(imageRefusal))
        return
      }
      const [runtime] = await Promise.all([findRuntime(spec.runtime).catch(warn), foldersOf(codeStore, spec)])
      if (runtime !== undefined) spares.expect(ofSize(runtime, spec.memoryMb))
    },
    close: () => Promise.all([spares.close(), remembered.settled()]).then(() => undefined),
  }
}

/** The best isolation that works. Rejects with one line when the policy demands more than that, and says what is isolated. */
async function isolate(
  settings: Parameters<typeof findIsolation>[0],
  { log, policy = 'auto', isolation = isolationKinds(policy) }: ProcessDriverOptions,
  hasFilter: boolean | undefined,
): Promise<FoundIsolation & { readonly kind: Isolation }> {
  const found = await findIsolation(settings, isolation)
  const { kind } = found
  if (kind === undefined) throw new Error(isolationFault(found.complaints, policy))
  const warning = isolationWarning(kind, found.complaints, policy)
  if (warning !== undefined) log.warn(warning)
  const { isolated, shared } = reportOf(kind, hasFilter)
  if (isolated.length > 0)
    log.info(`Functions are isolated (${kind}): ${isolated.join(', ')}. Not isolated: ${shared.join(', ')}.`)
  return { ...found, kind }
}

/** After a restart, prepares spares for the recently used runtimes that are still available. */
async function expectRemembered(
  runtimes: readonly RememberedRuntime[],
  findRuntime: FindRuntime,
  spares: Spares,
): Promise<void> {
  for (const { identifier, memoryMb } of runtimes.toReversed()) {
    const runtime = await findRuntime(identifier).catch(() => undefined)
    if (runtime !== undefined) spares.expect(memoryMb === undefined ? runtime : ofSize(runtime, memoryMb))
  }
}

/** Holds the packages of an environment from before its launch until its supervisor has ended. */
async function holdingCode(
  codeHolds: ProcessDriverOptions['codeHolds'],
  spec: EnvironmentSpec,
  launch: (onTaken: (supervisor: SupervisorProcess) => void) => Promise<Launched>,
): Promise<Launched> {
  const release = codeHolds?.hold(packagesOf(spec)) ?? (() => undefined)
  try {
    return await launch((supervisor) => void supervisor.exited.then(release))
  } catch (error) {
    release()
    throw error
  }
}

/** The hashes of code, layers and their stack. */
function packagesOf({ codeSha256, layerSha256s = [] }: EnvironmentSpec): string[] {
  return layerSha256s.length === 0 ? [codeSha256] : [codeSha256, ...layerSha256s, layerStackSha256(layerSha256s)]
}

/** The folders of unpacked code and layers. */
async function foldersOf(codeStore: ProcessDriverOptions['codeStore'], { codeSha256, layerSha256s }: EnvironmentSpec) {
  const [codeFolder, layerFolder] = await Promise.all([
    codeStore.unpacked(codeSha256),
    layerSha256s && codeStore.unpackedStack(layerSha256s),
  ])
  return layerFolder === undefined ? { codeFolder } : { codeFolder, layerFolder }
}

/** Logs each warning about a runtime once. */
function warnOnce(findRuntime: FindRuntime, log: Pick<Log, 'warn'>): FindRuntime {
  const warned = new Set<string>()
  return async (identifier) => {
    const runtime = await findRuntime(identifier)
    if (runtime.warning !== undefined && !warned.has(identifier)) {
      warned.add(identifier)
      log.warn(runtime.warning)
    }
    return runtime
  }
}

/** The function is created all the same, so that stacks of which only a part runs here can be deployed. */
function warningsOf({ functionName }: EnvironmentSpec, log: Pick<Log, 'warn'>) {
  return (cause: unknown): undefined => {
    if (!(cause instanceof RuntimeUnavailable)) throw cause
    log.warn(`Function ${functionName} cannot be invoked. ${cause.message}`)
  }
}
