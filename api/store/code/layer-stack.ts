import { chmod, link, lstat, mkdir, readdir, readlink, rm, stat, symlink, utimes } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Merges unpacked packages into an empty folder; a later package wins. An entry that a later package replaces is removed first,
 * links too, so that nothing is ever written through a link. Files are hard links into the packages' own folders.
 */
export async function stackInto(packages: readonly string[], target: string): Promise<void> {
  for (const folder of packages) await lay(folder, target)
}

async function lay(from: string, to: string): Promise<void> {
  await makeFolder(to)
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, place] = [join(from, entry.name), join(to, entry.name)]
    if (entry.isDirectory()) {
      await lay(source, place)
      continue
    }
    await rm(place, { recursive: true, force: true })
    await (entry.isSymbolicLink() ? symlink(await readlink(source), place) : link(source, place))
  }
  const { mode, atime, mtime } = await stat(from)
  await chmod(to, mode & 0o7777)
  await utimes(to, atime, mtime)
}

async function makeFolder(path: string): Promise<void> {
  const present = await lstat(path).catch(() => undefined)
  if (present?.isDirectory() === true) return
  if (present !== undefined) await rm(path)
  await mkdir(path)
}
