import { createHash } from 'node:crypto'
import type { CodeStore } from '../../functions/code-store.ts'
import { hexOf } from './hex.ts'
import type { SharedArchives } from './shared-archives.ts'
import { openUnpackedFolders } from './unpacked-folders.ts'
import { watchUnused } from './unused.ts'

export interface SharedCodeStoreOptions {
  readonly archives: SharedArchives
  /** Where packages are unpacked; this process's own. */
  readonly dataFolder: string
  readonly now: () => number
}

/** An archive that this process wrote so lately is surely not removed before whoever puts it again has saved what names it. */
const youngMs = 10 * 60 * 1000

/** Keeps archives where all servers see them, and unpacks them on this machine. */
export function openSharedCodeStore({ archives, dataFolder, now }: SharedCodeStoreOptions): CodeStore {
  const read = (hex: string) => readWhole(archives, hex)
  const folders = openUnpackedFolders(dataFolder, { place: archives.place, read })
  const unused = watchUnused(now)
  const writtenMs = new Map<string, number>()

  const sweepArchives = async (used: ReadonlySet<string>): Promise<void> => {
    const needed = new Set<string>()
    const all = await archives.list()
    // Of several with the same content the first by name is kept, whoever asks.
    for (const { name, hex } of all.toSorted((one, other) => (one.name < other.name ? -1 : 1))) {
      if (hex !== undefined && used.has(hex) && !needed.has(hex)) {
        needed.add(hex)
        unused.forget(name)
      } else if (unused.isOverdue(name)) {
        unused.forget(name)
        await archives.remove(name)
      }
    }
  }
  const sweepFolders = async (used: ReadonlySet<string>): Promise<void> => {
    for (const hex of await folders.kept()) {
      if (used.has(hex)) unused.forget(hex)
      else if (unused.isOverdue(hex)) {
        unused.forget(hex)
        await folders.drop(hex)
      }
    }
  }
  return {
    put: async (sha256, zip) => {
      const hex = hexOf(sha256)
      if (now() - (writtenMs.get(hex) ?? Number.NEGATIVE_INFINITY) < youngMs) return
      await archives.write(hex, zip)
      writtenMs.set(hex, now())
    },
    read: (sha256) => read(hexOf(sha256)),
    unpacked: folders.unpacked,
    unpackedStack: folders.unpackedStack,
    sweep: async (inUse) => {
      const used = new Set(Array.from(inUse, hexOf))
      for (const [hex, ms] of writtenMs) if (now() - ms >= youngMs) writtenMs.delete(hex)
      await sweepArchives(used)
      await sweepFolders(used)
    },
  }
}

/** One that went between the list and the read has another by its side, or was not needed. */
async function readWhole(archives: SharedArchives, hex: string): Promise<Buffer | undefined> {
  for (const name of await archives.namesOf(hex)) {
    const zip = await archives.read(name)
    if (zip !== undefined && createHash('sha256').update(zip).digest('hex') === hex) return zip
  }
  return undefined
}
