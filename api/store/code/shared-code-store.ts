import { createHash } from 'node:crypto'
import type { CodeStore } from '../../functions/code/code-store.ts'
import type { CodeHolds } from '../../functions/code/code-holds.ts'
import { base64Of, hexOf } from './sha256-hex.ts'
import type { SharedArchives } from './shared-archives.ts'
import { openUnpackedFolders } from './unpacked-folders.ts'
import { earliest, watchUnusedCode } from './unused-code.ts'

export interface SharedCodeStoreOptions {
  readonly archives: SharedArchives
  /** Where packages are unpacked. Belongs to this process alone. */
  readonly dataFolder: string
  /** A clock in milliseconds that is not set back. */
  readonly clock: () => number
  /** Logs a warning for the operator. */
  readonly warn: (line: string) => void
}

/** An archive that this process wrote less than this time ago is not removed before the function or layer that refers to it is saved. */
const youngMs = 10 * 60 * 1000

/**
 * How long to keep an archive that nothing refers to. The catalogue is stored elsewhere: when it is lost or rolled back, and restored
 * later, its functions need their code.
 */
const graceMs = 7 * 24 * 60 * 60 * 1000
/** How long to keep a second archive with the same content: the server that wrote it may not have saved the function yet. */
const surplusGraceMs = 60 * 60 * 1000
/** How long to keep a package unpacked. */
const folderGraceMs = 2 * 60 * 1000

/** Keeps archives in storage that all servers share, and unpacks them on this machine. */
export function openSharedCodeStore({ archives, dataFolder, clock, warn }: SharedCodeStoreOptions): CodeStore {
  const read = (hex: string) => readWhole(archives, hex)
  const folders = openUnpackedFolders(dataFolder, { place: archives.place, read })
  const [unused, surplus] = [watchUnusedCode(clock, graceMs), watchUnusedCode(clock, surplusGraceMs)]
  const unusedFolders = watchUnusedCode(clock, folderGraceMs)
  let isTold = false
  const writtenMs = new Map<string, number>()

  const sweepArchives = async (used: ReadonlySet<string>): Promise<void> => {
    const needed = new Set<string>()
    const all = await archives.list()
    const isDoubtful = used.size === 0 && all.some(({ hex }) => hex !== undefined)
    if (isDoubtful && !isTold) warn(`No function or layer names any archive in ${archives.place}: all are kept there.`)
    isTold = isDoubtful
    // Of several archives with the same content, every server keeps the first by name.
    for (const { name, hex } of all.toSorted((one, other) => (one.name < other.name ? -1 : 1))) {
      const isUsed = hex !== undefined && used.has(hex)
      if (isUsed) unused.forget(name)
      if (isUsed && !needed.has(hex)) {
        needed.add(hex)
        surplus.forget(name)
      } else if (isUsed || hex === undefined ? surplus.isOverdue(name) : !isDoubtful && unused.isOverdue(name)) {
        for (const watch of [unused, surplus]) watch.forget(name)
        await archives.remove(name)
      }
    }
  }
  const sweepFolders = async (used: ReadonlySet<string>, holds?: Pick<CodeHolds, 'has'>): Promise<void> => {
    for (const hex of await folders.kept()) {
      if (used.has(hex)) unusedFolders.forget(hex)
      else if (unusedFolders.isOverdue(hex) && holds?.has(base64Of(hex)) !== true) {
        unusedFolders.forget(hex)
        await folders.drop(hex)
      }
    }
  }
  return {
    put: async (sha256, zip) => {
      const hex = hexOf(sha256)
      if (clock() - (writtenMs.get(hex) ?? Number.NEGATIVE_INFINITY) < youngMs) return
      await archives.write(hex, zip)
      writtenMs.set(hex, clock())
    },
    read: (sha256) => read(hexOf(sha256)),
    unpacked: folders.unpacked,
    unpackedStack: folders.unpackedStack,
    sweep: async (inUse, holds) => {
      const used = new Set(Array.from(inUse, hexOf))
      for (const [hex, ms] of writtenMs) if (clock() - ms >= youngMs) writtenMs.delete(hex)
      await sweepArchives(used)
      await sweepFolders(used, holds)
      return earliest([unused.dueInMs(), surplus.dueInMs(), unusedFolders.dueInMs()])
    },
  }
}

/** An archive that was removed between the list and the read has a duplicate, or was not needed. */
async function readWhole(archives: SharedArchives, hex: string): Promise<Buffer | undefined> {
  for (const name of await archives.namesOf(hex)) {
    const zip = await archives.read(name)
    if (zip !== undefined && createHash('sha256').update(zip).digest('hex') === hex) return zip
  }
  return undefined
}
