import { chmodSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { layerStackSha256, type CodeStore } from '../../functions/code-store.ts'
import { stackInto } from './stack.ts'
import { unpackInto } from './unpack.ts'
import { isTemporary, isThere, readIfThere, removeWhole, temporaryBeside, writeWhole } from './whole-files.ts'

const graceMs = 60 * 60 * 1000

interface Folders {
  /** `<hex of the hash>.zip`, for the server alone. */
  readonly archives: string
  /** `<hex of the hash>/`, which functions of other users enter when they know its name. */
  readonly unpacked: string
}

/**
 * Keeps packages in two folders of the data folder. Whatever is written is made under a temporary name and renamed when
 * it is whole; what a killed server left under such names goes here, so the data folder must be this process's own.
 */
export function openDiskCodeStore(dataFolder: string, now: () => number = Date.now): CodeStore {
  const folders = { archives: join(dataFolder, 'code'), unpacked: join(dataFolder, 'unpacked') }
  prepareFolders(folders)
  const unpacking = new Map<string, Promise<string>>()
  const unusedSince = new Map<string, number>()
  const dropping = new Map<string, Promise<void>>()

  const once = (hex: string, make: (partial: string) => Promise<void>): Promise<string> => {
    const known = unpacking.get(hex)
    if (known !== undefined) return known
    const folder = makeWhole(join(folders.unpacked, hex), make)
    unpacking.set(hex, folder)
    folder.catch(() => unpacking.delete(hex))
    return folder
  }

  const unpacked = (sha256: string): Promise<string> => {
    const hex = hexOf(sha256)
    return once(hex, (partial) => unpackArchive(folders, hex, partial))
  }

  const unpackedStack = (sha256s: readonly string[]): Promise<string> => {
    const sha256 = layerStackSha256(sha256s)
    if (sha256s.length === 1) return unpacked(sha256)
    return once(hexOf(sha256), async (partial) => stackInto(await Promise.all(sha256s.map(unpacked)), partial))
  }

  const put = async (sha256: string, zip: Uint8Array): Promise<void> => {
    const hex = hexOf(sha256)
    unusedSince.delete(hex)
    await dropping.get(hex)
    const path = archivePath(folders, hex)
    if (!(await isThere(path))) await writeWhole(path, zip)
  }

  const drop = async (hex: string): Promise<void> => {
    unpacking.delete(hex)
    unusedSince.delete(hex)
    await rm(archivePath(folders, hex), { force: true })
    await removeWhole(join(folders.unpacked, hex))
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
    read: (sha256) => readIfThere(archivePath(folders, hexOf(sha256))),
    unpacked,
    unpackedStack,
    sweep: async (inUse) => {
      const used = new Set(Array.from(inUse, hexOf))
      for (const hex of await keptHashes(folders)) {
        const since = unusedSince.get(hex) ?? now()
        if (used.has(hex)) unusedSince.delete(hex)
        else if (now() - since >= graceMs) await dropAlone(hex)
        else unusedSince.set(hex, since)
      }
    },
  }
}

function archivePath({ archives }: Folders, hex: string): string {
  return join(archives, `${hex}.zip`)
}

function hexOf(sha256: string): string {
  const bytes = Buffer.from(sha256, 'base64')
  if (bytes.length !== 32) throw new Error(`Not the base64 of a SHA-256: ${sha256}`)
  return bytes.toString('hex')
}

function prepareFolders({ archives, unpacked }: Folders): void {
  mkdirSync(archives, { recursive: true, mode: 0o700 })
  mkdirSync(unpacked, { recursive: true })
  forgetOtherBoots(unpacked)
  chmodSync(unpacked, 0o711)
  for (const folder of [archives, unpacked]) {
    for (const name of readdirSync(folder)) {
      if (isTemporary(name)) rmSync(join(folder, name), { recursive: true })
    }
  }
}

/**
 * Unpacked files are not synced one by one, so a power cut may leave them empty: what was unpacked before the machine's
 * last start is unpacked again.
 */
function forgetOtherBoots(unpacked: string): void {
  const [boot, mark] = [bootId(), join(unpacked, '.boot')]
  if (readText(mark) === boot) return
  for (const name of readdirSync(unpacked)) renameSync(join(unpacked, name), temporaryBeside(mark))
  writeFileSync(mark, boot)
}

function bootId(): string {
  return readText('/proc/sys/kernel/random/boot_id') ?? 'unknown'
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

async function unpackArchive(folders: Folders, hex: string, target: string): Promise<void> {
  const zip = await readIfThere(archivePath(folders, hex))
  if (zip === undefined) throw new Error(`The code with SHA-256 ${hex} is not in ${folders.archives}`)
  await unpackInto(zip, target)
}

/** A folder that is there whole or not at all; filled by `make` when it is not there yet. */
async function makeWhole(path: string, make: (partial: string) => Promise<void>): Promise<string> {
  if (await isThere(path)) return path
  const partial = temporaryBeside(path)
  try {
    await mkdir(partial)
    await make(partial)
    await rename(partial, path)
  } catch (cause) {
    await rm(partial, { recursive: true, force: true })
    throw cause
  }
  return path
}

async function keptHashes({ archives, unpacked }: Folders): Promise<Set<string>> {
  const names = [...(await readdir(archives)), ...(await readdir(unpacked))]
  return new Set(names.map((name) => name.replace(/\.zip$/, '')).filter((name) => /^[0-9a-f]{64}$/.test(name)))
}
