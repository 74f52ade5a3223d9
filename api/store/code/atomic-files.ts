import { randomUUID } from 'node:crypto'
import { open, readFile, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { explainDiskFault } from '../availability/disk-faults.ts'

const temporary = '.tmp-'

/** A new name in the same folder, for a file or folder that is not complete yet. */
export function temporaryBeside(path: string): string {
  return join(dirname(path), `${temporary}${randomUUID()}`)
}

/** Whether `temporaryBeside` made this name. */
export function isTemporary(path: string): boolean {
  return basename(path).startsWith(temporary)
}

/** Writes a file atomically: afterwards it exists complete and durable, or not at all. A disk fault is Lambda's 503. */
export async function writeAtomically(path: string, bytes: Uint8Array): Promise<void> {
  const partial = temporaryBeside(path)
  try {
    await writeSynced(partial, bytes)
    await rename(partial, path)
    await syncFolder(dirname(path))
  } catch (cause) {
    await rm(partial, { force: true }).catch(() => undefined)
    explainDiskFault(cause)
  }
}

async function writeSynced(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    await file.writeFile(bytes)
    await file.sync()
  } finally {
    await file.close()
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/** Removes a folder; renames it first, so that a partly removed folder is never mistaken for a complete one. */
export async function removeAtomically(path: string): Promise<void> {
  if (!(await isThere(path))) return
  const partial = temporaryBeside(path)
  await rename(path, partial)
  await rm(partial, { recursive: true, force: true })
}

/** The file's bytes; undefined when it does not exist. */
export async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw cause
  }
}

/** Whether something exists under the path. */
export async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw cause
  }
}
