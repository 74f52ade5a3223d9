import { crc32 } from 'node:zlib'

/**
 * Parses the zip format: finds the entries of an archive in memory. Limits of names and sizes are in `deployment-package.ts`.
 * Any inconsistency is an `ArchiveFault`.
 */

/** The bytes are not a valid zip archive. */
export class ArchiveFault extends Error {}

export interface ZipEntry {
  readonly name: string
  /** Unix mode with its file type bits; 0 if the archive was made on another system and says nothing. */
  readonly mode: number
  /** Whether the DOS attribute, or a trailing slash of the name, marks a folder. */
  readonly isFolder: boolean
  readonly modifiedMs: number
  readonly method: 'stored' | 'deflated'
  readonly crc32: number
  readonly sizeBytes: number
  /** Where the local header starts and the data ends. */
  readonly start: number
  readonly end: number
  /** The data as stored in the archive. */
  readonly data: Buffer
}

interface Directory {
  readonly offset: number
  readonly end: number
  readonly count: number
  /** Bytes before the archive, as in self-extracting ones; offsets do not count them. */
  readonly prepended: number
}

const signatures = { local: 0x04034b50, central: 0x02014b50, end: 0x06054b50, end64: 0x06064b50, locator64: 0x07064b50 }
const encryptedFlags = 0x0041
const unixHosts = [3, 19]
const dosHost = 0

/** The entries of an archive in the directory's order; none for an empty archive. */
export function* readZipEntries(zip: Buffer): Generator<ZipEntry, void, undefined> {
  const directory = findDirectory(zip)
  let at = directory.offset
  for (let index = 0; index < directory.count; index++) {
    if (at + 46 > directory.end || zip.readUInt32LE(at) !== signatures.central)
      throw new ArchiveFault('directory entry missing')
    const next = at + 46 + zip.readUInt16LE(at + 28) + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32)
    if (next > directory.end) throw new ArchiveFault('directory entry cut off')
    yield readEntry(zip, at, directory)
    at = next
  }
  // What is behind its entries, such as a signature of the archive, is skipped; more entries than it says are not.
  if (at + 4 <= directory.end && zip.readUInt32LE(at) === signatures.central)
    throw new ArchiveFault('directory holds more than its entries')
}

/** Bytes at the end in which the end of the directory is searched if its comment does not reach the archive's end. */
const searchedBytes = 1024 * 1024

/** Finds the end of the directory: the one whose comment ends the archive, else the last one with a directory before it. */
function findDirectory(zip: Buffer): Directory {
  let loose: Directory | undefined
  for (const at of endsOfDirectory(zip)) {
    if (at + 22 + zip.readUInt16LE(at + 20) === zip.length) return directoryAt(zip, at)
    loose ??= directoryIfThere(zip, at)
  }
  if (loose === undefined) throw new ArchiveFault('no end of directory')
  return loose
}

/** Where the end of the directory may be, the last first. */
function* endsOfDirectory(zip: Buffer): Generator<number, void, undefined> {
  const mark = Buffer.alloc(4)
  mark.writeUInt32LE(signatures.end)
  const first = Math.max(0, zip.length - searchedBytes)
  let at = zip.length < 22 ? -1 : zip.lastIndexOf(mark, zip.length - 22)
  for (; at >= first; at = at === 0 ? -1 : zip.lastIndexOf(mark, at - 1)) yield at
}

function directoryAt(zip: Buffer, at: number): Directory {
  if (at >= 20 && zip.readUInt32LE(at - 20) === signatures.locator64) return directory64(zip, at - 20)
  if (zip.readUInt16LE(at + 4) !== 0) throw new ArchiveFault('part of a split archive')
  return placed(at, zip.readUInt16LE(at + 10), zip.readUInt32LE(at + 12), zip.readUInt32LE(at + 16))
}

/** The directory that ends there; undefined if these bytes only look like its end. */
function directoryIfThere(zip: Buffer, at: number): Directory | undefined {
  try {
    const directory = directoryAt(zip, at)
    const isThere = directory.count === 0 || zip.readUInt32LE(directory.offset) === signatures.central
    return isThere ? directory : undefined
  } catch (cause) {
    if (cause instanceof ArchiveFault) return undefined
    throw cause
  }
}

function directory64(zip: Buffer, locator: number): Directory {
  const candidates = [readUInt64(zip, locator + 8), locator - 56]
  const at = candidates.find(
    (offset) => offset >= 0 && offset + 56 <= locator && zip.readUInt32LE(offset) === signatures.end64,
  )
  if (at === undefined) throw new ArchiveFault('no zip64 end of directory')
  return placed(at, readUInt64(zip, at + 32), readUInt64(zip, at + 40), readUInt64(zip, at + 48))
}

function placed(end: number, count: number, sizeBytes: number, declaredOffset: number): Directory {
  const offset = end - sizeBytes
  const prepended = offset - declaredOffset
  if (offset < 0 || prepended < 0) throw new ArchiveFault('directory lies outside the archive')
  return { offset, end, count, prepended }
}

function readEntry(zip: Buffer, at: number, directory: Directory): ZipEntry {
  const flags = zip.readUInt16LE(at + 8)
  const method = zip.readUInt16LE(at + 10)
  if ((flags & encryptedFlags) !== 0) throw new ArchiveFault('encrypted entry')
  if (method !== 0 && method !== 8) throw new ArchiveFault('unsupported compression')
  const nameEnd = at + 46 + zip.readUInt16LE(at + 28)
  const nameBytes = zip.subarray(at + 46, nameEnd)
  const extra = zip.subarray(nameEnd, nameEnd + zip.readUInt16LE(at + 30))
  const large = zip64Fields(zip, at, extra)
  const start = large.offset + directory.prepended
  const data = localData(zip, { start, compressedBytes: large.compressedBytes, limit: directory.offset })
  const attributes = zip.readUInt32LE(at + 38)
  const host = zip.readUInt8(at + 5)
  const isUnix = unixHosts.includes(host)
  const name = withSlashes(unicodePath(nameBytes, extra) ?? decodeName(nameBytes), host)
  return {
    name,
    mode: isUnix ? attributes >>> 16 : dosMode(attributes, name.endsWith('/')),
    isFolder: name.endsWith('/') || (!isUnix && (attributes & 0x10) !== 0),
    modifiedMs: modifiedMs(zip.readUInt16LE(at + 14), zip.readUInt16LE(at + 12), extra),
    method: method === 0 ? 'stored' : 'deflated',
    crc32: zip.readUInt32LE(at + 16),
    sizeBytes: large.sizeBytes,
    start,
    end: data.end,
    data: data.bytes,
  }
}

interface LocalPlace {
  readonly start: number
  readonly compressedBytes: number
  readonly limit: number
}

/** The data after a local header. The directory alone says what its name is: some tools encode the names differently. */
function localData(zip: Buffer, { start, compressedBytes, limit }: LocalPlace): { bytes: Buffer; end: number } {
  if (start + 30 > limit || zip.readUInt32LE(start) !== signatures.local) throw new ArchiveFault('local header missing')
  const nameEnd = start + 30 + zip.readUInt16LE(start + 26)
  const from = nameEnd + zip.readUInt16LE(start + 28)
  const end = from + compressedBytes
  if (end > limit) throw new ArchiveFault('data cut off')
  return { bytes: zip.subarray(from, end), end }
}

/** Sizes and offset, from the zip64 field if the regular fields are full. */
function zip64Fields(
  zip: Buffer,
  at: number,
  extra: Buffer,
): { sizeBytes: number; compressedBytes: number; offset: number } {
  const field = extraField(extra, 0x0001)
  let used = 0
  const take = (value: number): number => {
    if (value !== 0xffffffff) return value
    if (field === undefined || used + 8 > field.length) throw new ArchiveFault('zip64 field missing')
    used += 8
    return readUInt64(field, used - 8)
  }
  const sizeBytes = take(zip.readUInt32LE(at + 24))
  const compressedBytes = take(zip.readUInt32LE(at + 20))
  return { sizeBytes, compressedBytes, offset: take(zip.readUInt32LE(at + 42)) }
}

function extraField(extra: Buffer, id: number): Buffer | undefined {
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) === id) return extra.subarray(at + 4, at + 4 + extra.readUInt16LE(at + 2))
  }
  return undefined
}

/** The extended timestamp if there is one, else the DOS time, which has no time zone and is read as UTC. */
function modifiedMs(date: number, time: number, extra: Buffer): number {
  const stamp = extraField(extra, 0x5455)
  if (stamp !== undefined && stamp.length >= 5 && (stamp.readUInt8(0) & 1) !== 0) return stamp.readInt32LE(1) * 1000
  const [month, day] = [Math.max(1, (date >> 5) & 15), Math.max(1, date & 31)]
  return Date.UTC(1980 + (date >> 9), month - 1, day, time >> 11, (time >> 5) & 63, (time & 31) * 2)
}

/**
 * The permissions of an entry made on DOS or Windows, as Info-ZIP's unzip reads them: those in the upper half if their owner part
 * fits the attributes, else 0444 for a read-only file; 0 for what says nothing.
 */
function dosMode(attributes: number, isFolder: boolean): number {
  const isReadOnly = (attributes & 1) !== 0
  const owner = 0o400 | (isReadOnly ? 0 : 0o200) | (isFolder || (attributes & 0x10) !== 0 ? 0o100 : 0)
  const stored = (attributes >>> 16) & 0o777
  if ((stored & 0o700) === owner) return stored
  return isReadOnly && owner === 0o400 ? 0o444 : 0
}

/** The name in Info-ZIP's field for Unicode paths, if it is for this name and not for one that was changed since. */
function unicodePath(nameBytes: Buffer, extra: Buffer): string | undefined {
  const field = extraField(extra, 0x7075)
  if (field === undefined || field.length < 5 || field.readUInt8(0) !== 1) return undefined
  return field.readUInt32LE(1) === crc32(nameBytes) ? decodeName(field.subarray(5)) : undefined
}

function readUInt64(bytes: Buffer, at: number): number {
  const value = bytes.readBigUInt64LE(at)
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new ArchiveFault('number too large')
  return Number(value)
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const cp437 =
  'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0'

/** Decodes names as UTF-8 if possible, since many tools do not set the flag; otherwise as code page 437. */
function decodeName(bytes: Buffer): string {
  try {
    return utf8.decode(bytes)
  } catch {
    return Array.from(bytes, (byte) => (byte < 128 ? String.fromCharCode(byte) : (cp437[byte - 128] ?? ''))).join('')
  }
}

/**
 * Backslashes separate folders in names without slashes that were made on DOS or Windows, and are ordinary characters in all
 * others, as Info-ZIP's unzip reads them.
 */
function withSlashes(name: string, host: number): string {
  return host === dosHost && !name.includes('/') ? name.replaceAll('\\', '/') : name
}
