import {
  chmodSync,
  closeSync,
  fchmodSync,
  futimesSync,
  lstatSync,
  mkdirSync,
  openSync,
  rmSync,
  symlinkSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import type { PackageTarget, PutMessage } from '../protocol/protocol.ts'

/** The folders for package and layers. */
export type Folders = Readonly<Record<PackageTarget, string>>

/**
 * Writes the function's files as they arrive. The server has validated names and sizes. What stands where a later layer has
 * something else goes, links too, so that nothing is ever written through a link.
 */
export interface PackageFiles {
  put(message: PutMessage, body: Uint8Array): void
  /** Sets the modes of folders, once all files are written. */
  finish(): void
}

export function writePackageFiles(folders: Folders): PackageFiles {
  const modes = new Map<string, number>()
  const made = new Set<string>(Object.values(folders))
  let open: { readonly path: string; readonly descriptor: number } | undefined

  function makeFolder(path: string): void {
    if (made.has(path)) return
    makeFolder(dirname(path))
    if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) {
      rmSync(path, { force: true })
      mkdirSync(path, { recursive: true, mode: 0o755 })
    }
    made.add(path)
  }

  function remove(path: string): void {
    rmSync(path, { force: true, recursive: true })
    if (made.has(path)) for (const known of [made, modes]) forget(known, path)
  }

  function create(path: string): number {
    makeFolder(dirname(path))
    try {
      return openSync(path, 'wx', 0o600)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      remove(path)
      return openSync(path, 'wx', 0o600)
    }
  }

  function writeFile(path: string, message: PutMessage & { kind: 'file' }, body: Uint8Array): void {
    open ??= { path, descriptor: create(path) }
    const { descriptor } = open
    for (let at = 0; at < body.length;) at += writeSync(descriptor, body, at)
    if (message.isMore === true) return
    open = undefined
    fchmodSync(descriptor, functionsMode(message.mode))
    futimesSync(descriptor, message.modifiedMs / 1000, message.modifiedMs / 1000)
    closeSync(descriptor)
  }

  return {
    put(message, body) {
      const path = `${folders[message.place]}/${message.path}`
      switch (message.kind) {
        case 'folder':
          makeFolder(path)
          modes.set(path, message.mode | 0o755)
          return
        case 'link':
          makeFolder(dirname(path))
          remove(path)
          symlinkSync(message.target, path)
          return
        case 'file':
          writeFile(path, message, body)
          return
      }
    },
    finish() {
      for (const [path, mode] of [...modes].toReversed()) chmodSync(path, mode)
    },
  }
}

/** Files are root's on AWS: what only their owner may read or run, a function may not. Here they are the function's own. */
function functionsMode(mode: number): number {
  return mode & (~0o500 | ((mode & 0o5) << 6))
}

/** Removes a folder and all below it from what is known about folders. */
function forget(folders: Set<string> | Map<string, number>, path: string): void {
  for (const folder of folders.keys()) if (folder === path || folder.startsWith(`${path}/`)) folders.delete(folder)
}
