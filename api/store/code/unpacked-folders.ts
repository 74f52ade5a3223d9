import { chmodSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { explainDiskFault } from '../availability/disk-faults.ts'
import { layerStackSha256 } from '../../functions/code/code-store.ts'
import { hexOf } from './sha256-hex.ts'
import { stackInto } from './layer-stack.ts'
import { unpackInto } from './unpack.ts'
import { isTemporary, isThere, removeAtomically, temporaryBeside } from './atomic-files.ts'

/** Where archives come from. */
export interface ArchiveSource {
  readonly place: string
  readonly read: (hex: string) => Promise<Buffer | undefined>
}

/** Unpacked packages on this machine under the hex of their hash. Each exists complete or not at all. */
export interface UnpackedFolders {
  readonly unpacked: (sha256: string) => Promise<string>
  readonly unpackedStack: (sha256s: readonly string[]) => Promise<string>
  /** The hex hashes of all unpacked packages. */
  kept(): Promise<string[]>
  drop(hex: string): Promise<void>
}

/**
 * Opens `<data folder>/unpacked`. Functions that run as other users can enter a package whose name they know. Opening removes what a
 * killed server left incomplete, so the data folder must belong to this process alone.
 */
export function openUnpackedFolders(dataFolder: string, source: ArchiveSource): UnpackedFolders {
  const root = join(dataFolder, 'unpacked')
  prepareRoot(root)
  const unpacking = new Map<string, Promise<string>>()

  const once = (hex: string, make: (partial: string) => Promise<void>): Promise<string> => {
    const known = unpacking.get(hex)
    if (known !== undefined) return known
    const folder = makeWhole(join(root, hex), make)
    unpacking.set(hex, folder)
    folder.catch(() => unpacking.delete(hex))
    return folder
  }
  const unpacked = (sha256: string): Promise<string> => {
    const hex = hexOf(sha256)
    return once(hex, (partial) => unpackArchive(source, hex, partial))
  }
  return {
    unpacked,
    unpackedStack: (sha256s) => {
      const sha256 = layerStackSha256(sha256s)
      if (sha256s.length === 1) return unpacked(sha256)
      return once(hexOf(sha256), async (partial) => stackInto(await Promise.all(sha256s.map(unpacked)), partial))
    },
    kept: async () => (await readdir(root)).filter((name) => /^[0-9a-f]{64}$/.test(name)),
    drop: async (hex) => {
      unpacking.delete(hex)
      await removeAtomically(join(root, hex))
    },
  }
}

function prepareRoot(root: string): void {
  mkdirSync(root, { recursive: true })
  forgetOtherBoots(root)
  chmodSync(root, 0o711)
  for (const name of readdirSync(root)) if (isTemporary(name)) rmSync(join(root, name), { recursive: true })
}

/**
 * Unpacked files are not synced one by one, so a power failure may leave them empty: packages that were unpacked before the
 * machine's last boot are unpacked again.
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

async function unpackArchive({ place, read }: ArchiveSource, hex: string, target: string): Promise<void> {
  const zip = await read(hex)
  if (zip === undefined) throw new Error(`The code with SHA-256 ${hex} is not in ${place}`)
  await unpackInto(zip, target)
}

/** Creates a folder atomically with the content that `make` writes, unless it exists. A disk fault is Lambda's 503. */
async function makeWhole(path: string, make: (partial: string) => Promise<void>): Promise<string> {
  if (await isThere(path)) return path
  const partial = temporaryBeside(path)
  try {
    await mkdir(partial)
    await make(partial)
    await rename(partial, path)
  } catch (cause) {
    await rm(partial, { recursive: true, force: true }).catch(() => undefined)
    explainDiskFault(cause)
  }
  return path
}
