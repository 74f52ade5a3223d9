import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { CodeStore } from '../../functions/code/code-store.ts'
import { hexOf } from './sha256-hex.ts'
import { openUnpackedFolders } from './unpacked-folders.ts'
import { watchUnusedCode } from './unused-code.ts'
import { isTemporary, isThere, readIfThere, writeAtomically } from './atomic-files.ts'

/**
 * Keeps packages in two folders of the data folder: archives in `code`, which only the server reads, and unpacked packages.
 * Everything is written under a temporary name and renamed when it is complete. Opening removes what a killed server left under
 * such names, so the data folder must belong to this process alone.
 */
export function openDiskCodeStore(dataFolder: string, now: () => number = Date.now): CodeStore {
  const archives = join(dataFolder, 'code')
  prepareArchives(archives)
  const pathOf = (hex: string) => join(archives, `${hex}.zip`)
  const folders = openUnpackedFolders(dataFolder, { place: archives, read: (hex) => readIfThere(pathOf(hex)) })
  const unused = watchUnusedCode(now)
  const dropping = new Map<string, Promise<void>>()

  const put = async (sha256: string, zip: Uint8Array): Promise<void> => {
    const hex = hexOf(sha256)
    unused.forget(hex)
    await dropping.get(hex)
    if (!(await isThere(pathOf(hex)))) await writeAtomically(pathOf(hex), zip)
  }

  const drop = async (hex: string): Promise<void> => {
    unused.forget(hex)
    await rm(pathOf(hex), { force: true })
    await folders.drop(hex)
  }

  const dropAlone = async (hex: string): Promise<void> => {
    dropping.set(hex, drop(hex))
    try {
      await dropping.get(hex)
    } finally {
      dropping.delete(hex)
    }
  }

  return {
    put,
    read: (sha256) => readIfThere(pathOf(hexOf(sha256))),
    unpacked: folders.unpacked,
    unpackedStack: folders.unpackedStack,
    sweep: async (inUse) => {
      const used = new Set(Array.from(inUse, hexOf))
      for (const hex of new Set([...(await archivesIn(archives)), ...(await folders.kept())])) {
        if (used.has(hex)) unused.forget(hex)
        else if (unused.isOverdue(hex)) await dropAlone(hex)
      }
    },
  }
}

function prepareArchives(archives: string): void {
  mkdirSync(archives, { recursive: true, mode: 0o700 })
  for (const name of readdirSync(archives)) if (isTemporary(name)) rmSync(join(archives, name), { recursive: true })
}

async function archivesIn(archives: string): Promise<string[]> {
  return (await readdir(archives)).filter((name) => /^[0-9a-f]{64}\.zip$/.test(name)).map((name) => name.slice(0, 64))
}
