import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { CodeStore } from '../../functions/code/code-store.ts'
import { base64Of, hexOf } from './sha256-hex.ts'
import { openUnpackedFolders } from './unpacked-folders.ts'
import { earliest, watchUnusedCode } from './unused-code.ts'
import { isTemporary, isThere, readIfThere, writeAtomically } from './atomic-files.ts'

/** How long a package stays that was in use. A function or layer that refers to a package again is saved long before. */
const graceMs = 2 * 60 * 1000

/** How long a package stays that was unused when this process began: the catalogue may have been lost, and be restored. */
const foundGraceMs = 60 * 60 * 1000

/**
 * Keeps packages in two folders of the data folder: archives in `code`, which only the server reads, and unpacked packages.
 * Everything is written under a temporary name and renamed when it is complete. Opening removes what a killed server left under
 * such names, so the data folder must belong to this process alone.
 */
export function openDiskCodeStore(dataFolder: string, clock = () => performance.now()): CodeStore {
  const archives = join(dataFolder, 'code')
  prepareArchives(archives)
  const pathOf = (hex: string) => join(archives, `${hex}.zip`)
  const folders = openUnpackedFolders(dataFolder, { place: archives, read: (hex) => readIfThere(pathOf(hex)) })
  const [unused, found] = [watchUnusedCode(clock, graceMs), watchUnusedCode(clock, foundGraceMs)]
  /** Packages of an earlier process that were not in use since. */
  const foundPackages = new Set(hexesIn(readdirSync(archives)))
  const dropping = new Map<string, Promise<void>>()

  const keep = (hex: string): void => {
    unused.forget(hex)
    found.forget(hex)
    foundPackages.delete(hex)
  }
  const isOverdue = (hex: string): boolean => (foundPackages.has(hex) ? found : unused).isOverdue(hex)

  const put = async (sha256: string, zip: Uint8Array): Promise<void> => {
    const hex = hexOf(sha256)
    keep(hex)
    await dropping.get(hex)
    if (!(await isThere(pathOf(hex)))) await writeAtomically(pathOf(hex), zip)
  }

  const drop = async (hex: string): Promise<void> => {
    keep(hex)
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
    unpacked: async (sha256) => {
      await dropping.get(hexOf(sha256))
      return folders.unpacked(sha256)
    },
    unpackedStack: folders.unpackedStack,
    sweep: async (inUse, holds) => {
      const used = new Set(Array.from(inUse, hexOf))
      const kept = new Set([...hexesIn(await readdir(archives)), ...(await folders.kept())])
      for (const hex of kept) {
        if (used.has(hex)) keep(hex)
        else if (isOverdue(hex) && holds?.has(base64Of(hex)) !== true) await dropAlone(hex)
      }
      return earliest([unused.dueInMs(), found.dueInMs()])
    },
  }
}

function prepareArchives(archives: string): void {
  mkdirSync(archives, { recursive: true, mode: 0o700 })
  for (const name of readdirSync(archives)) if (isTemporary(name)) rmSync(join(archives, name), { recursive: true })
}

function hexesIn(names: readonly string[]): string[] {
  return names.filter((name) => /^[0-9a-f]{64}\.zip$/.test(name)).map((name) => name.slice(0, 64))
}
