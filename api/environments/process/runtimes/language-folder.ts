import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, rm, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { FoundRuntime } from '../../driver/found-runtime.ts'
import { systemPaths } from '../../driver/variables.ts'

/** Makes the folder that is `/var/lang` for functions of a runtime; undefined for one without an interpreter. */
export type LanguageFolderOf = (runtime: FoundRuntime) => Promise<string | undefined>

/**
 * AWS has the interpreter and its tools in `/var/lang/bin`, first on PATH. Here that has links to the interpreter, and to what is
 * installed beside it where that folder is not on PATH anyway. Folders are made once per interpreter below `<data folder>/run`.
 */
export function languageFolders(dataFolder: string): LanguageFolderOf {
  const made = new Map<string, Promise<string>>()
  return async (runtime) => {
    const { interpreter } = runtime
    if (interpreter === undefined) return undefined
    let folder = made.get(interpreter)
    if (folder === undefined) {
      const name = createHash('sha256').update(interpreter).digest('hex').slice(0, 16)
      folder = makeFolder(join(dataFolder, 'run', 'lang', name), interpreter, namesOf(runtime))
      made.set(interpreter, folder)
      folder.catch(() => made.delete(interpreter))
    }
    return folder
  }
}

async function makeFolder(folder: string, interpreter: string, names: readonly string[]): Promise<string> {
  await rm(folder, { recursive: true, force: true })
  await mkdir(join(folder, 'bin'), { recursive: true, mode: 0o755 })
  const [beside, prefix] = [dirname(interpreter), dirname(dirname(interpreter))]
  const tools = systemPaths.includes(beside) ? [] : await readdir(beside)
  for (const tool of tools) if (!names.includes(tool)) await symlink(join(beside, tool), join(folder, 'bin', tool))
  for (const name of names) await symlink(interpreter, join(folder, 'bin', name))
  // A Python environment is recognised by this file, beside its packages.
  const isEnvironment = existsSync(join(prefix, 'pyvenv.cfg'))
  if (isEnvironment) for (const name of ['pyvenv.cfg', 'lib']) await symlink(join(prefix, name), join(folder, name))
  return folder
}

function namesOf({ family, interpreterVersion }: FoundRuntime): string[] {
  if (family === 'nodejs') return ['node']
  if (family !== 'python') return [family]
  const minor = /^3\.\d+/.exec(interpreterVersion ?? '')?.[0]
  return ['python', 'python3', ...(minor === undefined ? [] : [`python${minor}`])]
}
