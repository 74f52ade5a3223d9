import { buildLauncher, type LauncherOptions } from '../launcher/launcher.ts'
import { countsProcessesByNamespace, functionLimits } from '../launcher/limits.ts'
import { runTrial } from './trial.ts'

/** The launchers of supervisors that this machine can execute. */
export interface Launchers {
  /** For environments that are isolated in any way. */
  readonly confined?: string | undefined
  /** Whether the launcher for isolated environments filters system calls. */
  readonly hasFilter?: boolean
  /** For plain processes of the server's user. */
  readonly plain?: string | undefined
}

const trialMs = 60_000

/** Builds the launchers beside the supervisor and tries them; a warning says what is missing without them. */
export async function workingLaunchers(folder: string, log: { warn(line: string): void }): Promise<Launchers> {
  if (process.platform !== 'linux') return {}
  const areUsersAlone = process.getuid?.() === 0 || countsProcessesByNamespace()
  const works = async (options: LauncherOptions, otherwise: string) => {
    const launcher = await buildLauncher(folder, options)
    if (launcher === undefined) return undefined
    const { complaint } = await runTrial({ command: [launcher, '/bin/sh', '-c', 'exit 0'], deadlineMs: trialMs })
    if (complaint === undefined) return launcher
    log.warn(`The launcher ${launcher} cannot be executed (${complaint}): ${otherwise}`)
    return undefined
  }
  const plain = await works({ limits: functionLimits(false), isConfined: false }, unusable)
  if (plain === undefined) return {}
  const limits = functionLimits(areUsersAlone)
  const filtering = await works({ limits, isConfined: true, hasFilter: true }, unfiltered)
  if (filtering !== undefined) return { plain, confined: filtering, hasFilter: true }
  return { plain, confined: await works({ limits, isConfined: true }, unusable) }
}

const unusable =
  'connections of functions are checked more slowly, and their resources are not limited. ' +
  'Set KUBELAMBDA_DATA to a folder on a file system that is not mounted with noexec.'
const unfiltered = 'the system calls of functions are not filtered. Allow seccomp filters.'
