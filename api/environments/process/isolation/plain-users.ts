import { chmodSync, lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { User } from './sandbox.ts'
import { runTrial, type Trial } from './trial.ts'

export interface PlainUsersOptions {
  readonly dataFolder: string
  readonly supervisorFile: string
  readonly runtimesFolder: string
}

/** What the users of functions may enter in the data folder: unpacked code, which they cannot list, and what they run. */
const entered = new Set(['unpacked', 'run'])

/**
 * Closes the data folder to the users of functions, and tries whether such a user finds what it needs and nothing more.
 * Returns the error, if any.
 */
export async function tryPlainUsers(
  options: PlainUsersOptions,
  user: User | undefined,
  deadlineMs: number,
): Promise<Trial> {
  if (user === undefined) return { complaint: 'only a server that runs as root can start processes of other users' }
  const { dataFolder, runtimesFolder } = options
  const closed = closeFolder(dataFolder)
  const needed = [process.execPath, join(runtimesFolder, 'nodejs', 'index.cjs')]
  const check = `
for file in "$1" "$2"; do [ -r "$file" ] || { echo "users other than root cannot reach $file" >&2; exit 1; }; done
shift 2
for file; do [ ! -r "$file" ] || { echo "all users can read $file" >&2; exit 1; }; done`
  const command = ['sh', '-c', check, 'trial', ...needed, dataFolder, ...closed]
  return runTrial({ command, user, deadlineMs })
}

/** Takes the rights of other users away from what is in the folder; returns these files. */
function closeFolder(folder: string): string[] {
  chmodSync(folder, 0o711)
  const others = readdirSync(folder).filter((name) => !entered.has(name))
  const files = others.map((name) => join(folder, name))
  for (const file of files) {
    const { mode } = lstatSync(file)
    if ((mode & 0o077) !== 0) chmodSync(file, mode & 0o7700)
  }
  return files
}
