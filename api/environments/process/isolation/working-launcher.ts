import { buildLauncher } from '../launcher/launcher.ts'
import { runTrial } from './trial.ts'

const trialMs = 60_000

/** The launcher of supervisors, if this machine can execute it; else a warning says what is missing without it. */
export async function workingLauncher(folder: string, log: { warn(line: string): void }): Promise<string | undefined> {
  if (process.platform !== 'linux') return undefined
  const launcher = await buildLauncher(folder)
  if (launcher === undefined) return undefined
  const { complaint } = await runTrial({ command: [launcher, '/bin/sh', '-c', 'exit 0'], deadlineMs: trialMs })
  if (complaint === undefined) return launcher
  log.warn(
    `The launcher ${launcher} cannot be executed (${complaint}): connections of functions are checked more slowly. ` +
      'Set KUBELAMBDA_DATA to a folder on a file system that is not mounted with noexec.',
  )
  return undefined
}
