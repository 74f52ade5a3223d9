import {
  chmodSync,
  closeSync,
  fchmodSync,
  futimesSync,
  lutimesSync,
  mkdirSync,
  openSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { packageEntries, smallFileBytes, type PackageFile } from '../../functions/code/deployment-package.ts'

const sliceMs = 4

/**
 * Unpacks a package into an empty folder, with its modes, times and links, regardless of the umask. Everyone can enter folders, and
 * their owner can change them. Works in slices of a few milliseconds with synchronous calls: for small files this costs the
 * main thread less than asynchronous calls.
 */
export async function unpackInto(zip: Buffer, target: string): Promise<void> {
  const folders = folderMaker(target)
  let sliceEnd = performance.now() + sliceMs
  for (const entry of await packageEntries(zip)) {
    const path = `${target}/${entry.path}`
    if (entry.kind === 'folder') folders.describe(path, entry.mode, entry.modifiedMs)
    else folders.makeParent(path)
    if (entry.kind === 'link') writeLink(path, entry.target, entry.modifiedMs)
    if (entry.kind === 'file') await writeFile(path, entry)
    if (performance.now() < sliceEnd) continue
    await nextTurn()
    sliceEnd = performance.now() + sliceMs
  }
  folders.finish()
}

function writeLink(path: string, target: string, modifiedMs: number): void {
  symlinkSync(target, path)
  lutimesSync(path, modifiedMs / 1000, modifiedMs / 1000)
}

function writeFile(path: string, file: PackageFile): Promise<void> | undefined {
  if (file.sizeBytes > smallFileBytes) return writeLarge(path, file)
  const bytes = file.read()
  withNewFile(path, (descriptor) => {
    writeFileSync(descriptor, bytes)
    applyAttributes(descriptor, file)
  })
  return undefined
}

async function writeLarge(path: string, file: PackageFile): Promise<void> {
  const descriptor = openSync(path, 'wx', 0o600)
  try {
    for await (const chunk of file.chunks()) writeFileSync(descriptor, chunk)
    applyAttributes(descriptor, file)
  } finally {
    closeSync(descriptor)
  }
}

function withNewFile(path: string, work: (descriptor: number) => void): void {
  const descriptor = openSync(path, 'wx', 0o600)
  try {
    work(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

function applyAttributes(descriptor: number, { mode, modifiedMs }: PackageFile): void {
  fchmodSync(descriptor, functionsMode(mode))
  futimesSync(descriptor, modifiedMs / 1000, modifiedMs / 1000)
}

/**
 * Files are root's on AWS: what only their owner may read or run, a function may not. A server that is not root owns them as its
 * functions do, so that it takes these rights from the owner.
 */
function functionsMode(mode: number): number {
  return process.getuid?.() === 0 ? mode : mode & (~0o500 | ((mode & 0o5) << 6))
}

interface Folder {
  mode: number
  modifiedMs?: number
}

/** Creates each folder once. Sets modes and times last, because writing into a folder changes its time. */
function folderMaker(target: string) {
  const made = new Map<string, Folder>([[target, { mode: 0o755 }]])
  const make = (path: string): Folder => {
    const present = made.get(path)
    if (present !== undefined) return present
    makeParent(path)
    mkdirSync(path)
    const folder: Folder = { mode: 0o755 }
    made.set(path, folder)
    return folder
  }
  const makeParent = (path: string): void => {
    make(path.slice(0, path.lastIndexOf('/')))
  }
  const describe = (path: string, mode: number, modifiedMs: number): void => {
    Object.assign(make(path), { mode: mode | 0o755, modifiedMs })
  }
  const finish = (): void => {
    for (const [path, { mode, modifiedMs }] of [...made].toReversed()) {
      chmodSync(path, mode)
      if (modifiedMs !== undefined) utimesSync(path, modifiedMs / 1000, modifiedMs / 1000)
    }
  }
  return { makeParent, describe, finish }
}
