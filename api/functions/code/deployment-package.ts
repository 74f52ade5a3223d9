import { createHash } from 'node:crypto'
import { crc32, createInflateRaw, inflateRawSync } from 'node:zlib'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { packageErrors } from '../../errors.ts'
import { addNode, emptyTree, maxNodes, pathSegments, TooManyNodes } from './package-tree.ts'
import { ArchiveFault, readZipEntries, type ZipEntry } from './zip-archive.ts'

/** A file of a package. Its checksum and size are verified as it is read; a mismatch is a `LambdaError`. */
export interface PackageFile {
  readonly kind: 'file'
  readonly path: string
  readonly mode: number
  readonly modifiedMs: number
  readonly sizeBytes: number
  /** Reads the whole file. For small files only, since it blocks the event loop. */
  read(): Buffer
  /** Reads the file in chunks, inflated off the main thread. */
  chunks(): AsyncGenerator<Buffer, void, undefined>
}

/**
 * An entry of a package. Paths are relative, without dots, stay inside, and lead through no link. The target of a link may be
 * any path: it is for the function's environment, and nothing on the server may follow it.
 */
export type PackageEntry =
  | PackageFile
  | { readonly kind: 'folder'; readonly path: string; readonly mode: number; readonly modifiedMs: number }
  | { readonly kind: 'link'; readonly path: string; readonly target: string; readonly modifiedMs: number }

export interface PackageLimits {
  readonly zippedBytes: number
  readonly unzippedBytes: number
}

/** AWS's limits for code in a request. The layers of the function count towards `unzippedBytes`. */
export const packageLimits: PackageLimits = { zippedBytes: 52_428_800, unzippedBytes: 262_144_000 }

export interface PackageFacts {
  /** Base64, as AWS prints it. */
  readonly sha256: string
  readonly sizeBytes: number
  readonly unzippedBytes: number
  /** Files, folders and links. */
  readonly entries: number
}

/** Files up to this size are inflated in one go, larger ones in chunks, so that memory is bounded. */
export const smallFileBytes = 1024 * 1024
const workPerTurnBytes = 1024 * 1024
const workPerEntryBytes = 8192
const maxLinkBytes = 4095

/**
 * Validates the whole package, every byte of every entry, and returns its facts. Throws AWS's error for what AWS refuses.
 * Yields to the event loop every few milliseconds.
 */
export async function inspectPackage(zip: Buffer, limits: Partial<PackageLimits> = {}): Promise<PackageFacts> {
  const { zippedBytes, unzippedBytes } = { ...packageLimits, ...limits }
  if (zip.length > zippedBytes) throw packageErrors.zippedTooLarge()
  const entries = await packageEntries(zip, unzippedBytes)
  const pace = pacer()
  let sumBytes = 0
  for (const entry of entries) {
    if (entry.kind === 'file') sumBytes += await checkFile(entry)
    await pace(entry.kind === 'file' ? Math.min(entry.sizeBytes, smallFileBytes) : 0)
  }
  const sha256 = await hashOf(zip, pace)
  return { sha256, sizeBytes: zip.length, unzippedBytes: sumBytes, entries: entries.length }
}

/**
 * The entries of a package. Names, links and declared sizes are validated here, file contents when they are read. Yields to the event
 * loop every few milliseconds.
 */
export async function packageEntries(
  zip: Buffer,
  unzippedBytes = packageLimits.unzippedBytes,
): Promise<PackageEntry[]> {
  const pace = pacer()
  try {
    const found = await readAll(zip, unzippedBytes, pace)
    if (found.length === 0) throw packageErrors.empty()
    return await checkedTree(found, pace)
  } catch (cause) {
    if (cause instanceof TooManyNodes) throw packageErrors.unzippedTooLarge()
    if (cause instanceof ArchiveFault) throw packageErrors.couldNotUnzip()
    throw cause
  }
}

/** Checks total size and overlapping entries before anything is inflated. */
async function readAll(zip: Buffer, unzippedBytes: number, pace: Pace): Promise<ZipEntry[]> {
  if (zip.length === 0) throw packageErrors.empty()
  const found: ZipEntry[] = []
  let declaredBytes = 0
  for (const entry of readZipEntries(zip)) {
    declaredBytes += entry.sizeBytes
    if (declaredBytes > unzippedBytes) throw packageErrors.unzippedTooLarge()
    if (found.push(entry) > maxNodes) throw new TooManyNodes()
    const turn = pace(0)
    if (turn !== undefined) await turn
  }
  if (doOverlap(found)) throw packageErrors.unzippedTooLarge()
  return found
}

/** No two entries overlap if each starts, in order of the starts, behind as many ends, in order of the ends. */
function doOverlap(entries: readonly ZipEntry[]): boolean {
  const starts = Float64Array.from(entries, ({ start }) => start).sort()
  const ends = Float64Array.from(entries, ({ end }) => end).sort()
  return starts.some((start, index) => start < (ends[index - 1] ?? 0))
}

async function checkedTree(found: readonly ZipEntry[], pace: Pace): Promise<PackageEntry[]> {
  const tree = emptyTree()
  const entries: (PackageEntry | undefined)[] = []
  for (const raw of found) {
    const turn = pace(0)
    if (turn !== undefined) await turn
    const segments = pathSegments(raw.name)
    const entry = packageEntry(raw, segments.join('/'))
    if (segments.length === 0 && entry.kind === 'folder') continue
    if (segments.length === 0) throw new ArchiveFault('file without a name')
    const before = addNode(tree, { segments, kind: entry.kind, index: entries.length })
    if (before !== undefined) entries[before] = undefined
    entries.push(entry)
  }
  return entries.filter((entry) => entry !== undefined)
}

const [folderType, linkType] = [0o040000, 0o120000]

/** Set-user bits are dropped: the server may be root. Devices and pipes become files, as with Info-ZIP's unzip. */
function packageEntry(raw: ZipEntry, path: string): PackageEntry {
  const { modifiedMs, sizeBytes } = raw
  const type = raw.mode & 0o170000
  const mode = raw.mode & 0o777
  if (raw.isFolder || type === folderType)
    return { kind: 'folder', path, mode: raw.mode === 0 ? 0o755 : mode, modifiedMs }
  if (type === linkType && sizeBytes > 0) return { kind: 'link', path, target: readTarget(raw), modifiedMs }
  const read = () => inflateSmall(raw)
  const chunks = () => inflateLarge(raw)
  return { kind: 'file', path, mode: raw.mode === 0 ? 0o644 : mode, modifiedMs, sizeBytes, read, chunks }
}

function readTarget(raw: ZipEntry): string {
  if (raw.sizeBytes > maxLinkBytes) throw new ArchiveFault('link too long')
  const target = inflateSmall(raw).toString()
  if (target === '' || target.includes('\0')) throw new ArchiveFault('link without a target')
  return target
}

/** Verifies a file by reading it; returns its size. */
async function checkFile(file: PackageFile): Promise<number> {
  if (file.sizeBytes <= smallFileBytes) return file.read().length
  let sizeBytes = 0
  for await (const chunk of file.chunks()) sizeBytes += chunk.length
  return sizeBytes
}

/** Data beyond the declared size counts as too large, since it may be endless. */
function inflateSmall(raw: ZipEntry): Buffer {
  const bytes = raw.method === 'stored' ? raw.data : inflateWhole(raw)
  if (bytes.length !== raw.sizeBytes || crc32(bytes) !== raw.crc32) throw packageErrors.couldNotUnzip()
  return bytes
}

function inflateWhole(raw: ZipEntry): Buffer {
  const capacity = Math.max(raw.sizeBytes, 64)
  try {
    return inflateRawSync(raw.data, { chunkSize: capacity + 1, maxOutputLength: capacity })
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw packageErrors.unzippedTooLarge()
    throw packageErrors.couldNotUnzip()
  }
}

async function* inflateLarge(raw: ZipEntry): AsyncGenerator<Buffer, void, undefined> {
  let sizeBytes = 0
  let checksum = 0
  for await (const chunk of raw.method === 'stored' ? slices(raw.data) : inflated(raw.data)) {
    sizeBytes += chunk.length
    if (sizeBytes > raw.sizeBytes) throw packageErrors.unzippedTooLarge()
    checksum = crc32(chunk, checksum)
    yield chunk
  }
  if (sizeBytes !== raw.sizeBytes || checksum !== raw.crc32) throw packageErrors.couldNotUnzip()
}

async function* inflated(data: Buffer): AsyncGenerator<Buffer, void, undefined> {
  const inflate = createInflateRaw({ chunkSize: 256 * 1024 })
  inflate.end(data)
  try {
    for await (const chunk of inflate) yield chunk as Buffer
  } catch {
    throw packageErrors.couldNotUnzip()
  } finally {
    inflate.destroy()
  }
}

function* slices(bytes: Buffer): Generator<Buffer, void, undefined> {
  for (let at = 0; at < bytes.length; at += workPerTurnBytes) yield bytes.subarray(at, at + workPerTurnBytes)
}

/** Counts an entry and its bytes, and yields to the event loop after a certain amount. */
type Pace = (bytes: number) => Promise<void> | undefined

function pacer(): Pace {
  let done = 0
  return (bytes) => {
    done += bytes + workPerEntryBytes
    if (done < workPerTurnBytes) return undefined
    done = 0
    return nextTurn()
  }
}

async function hashOf(zip: Buffer, pace: Pace): Promise<string> {
  const hash = createHash('sha256')
  for (const slice of slices(zip)) {
    hash.update(slice)
    await pace(slice.length)
  }
  return hash.digest('base64')
}
