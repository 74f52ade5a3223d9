import { randomUUID } from 'node:crypto'
import { accessSync, constants, mkdirSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { SharedArchives } from './shared-archives.ts'
import { isTemporary, readIfThere, writeAtomically } from './atomic-files.ts'

/** Archives in a folder that all servers share, as `<hex>-<id>.zip`. Throws an error of one line when the folder is not writable. */
export function openFolderArchives(folder: string): SharedArchives {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (cause) {
    throw new Error(`The folder ${folder} cannot be written: ${(cause as Error).message}. Set KUBELAMBDA_CODE_URL.`, {
      cause,
    })
  }
  const archives = async () => (await readdir(folder)).filter((name) => /^[0-9a-f]{64}-[0-9a-f-]{36}\.zip$/.test(name))
  return {
    place: folder,
    write: (hex, zip) => writeAtomically(join(folder, `${hex}-${randomUUID()}.zip`), zip),
    namesOf: async (hex) => (await archives()).filter((name) => name.startsWith(hex)),
    list: async () => {
      const whole = (await archives()).map((name) => ({ name, hex: name.slice(0, 64) }))
      const partial = (await readdir(folder)).filter(isTemporary).map((name) => ({ name }))
      return [...whole, ...partial]
    },
    read: (name) => readIfThere(join(folder, name)),
    remove: (name) => rm(join(folder, name), { force: true }),
  }
}
