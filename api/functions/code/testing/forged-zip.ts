import { crc32, deflateRawSync } from 'node:zlib'

/** One entry as bytes; every field can be a lie. */
export interface Forged {
  name: string | Buffer
  data?: Buffer
  packed?: Buffer
  method?: number
  flags?: number
  madeBy?: number
  mode?: number
  sizeBytes?: number
  crc?: number
  localName?: string
  extra?: Buffer
  /** Attributes as a whole, instead of the mode. */
  attributes?: number
  /** Shares the local header of the entry with this index. */
  sharesWith?: number
}

/** What is at the end of a forged zip. */
export interface ForgedEnd {
  count?: number
  comment?: string
  /** Bytes of the directory behind its entries. */
  behindEntries?: string
}

/** A zip of these entries, in which anything can be wrong. */
export function forge(entries: Forged[], options: ForgedEnd = {}): Buffer {
  const locals: Buffer[] = []
  const starts: number[] = []
  let at = 0
  const directory = entries.map((entry) => {
    const data = entry.data ?? Buffer.from('x')
    const method = entry.method ?? 8
    const packed = entry.packed ?? (method === 8 ? deflateRawSync(data) : data)
    const name = Buffer.from(entry.name as string)
    const localName = entry.localName === undefined ? name : Buffer.from(entry.localName)
    const local = Buffer.alloc(30)
    local.writeUInt32LE(0x04034b50, 0)
    local.writeUInt16LE(entry.flags ?? 0, 6)
    local.writeUInt16LE(method, 8)
    local.writeUInt32LE(entry.crc ?? crc32(data), 14)
    local.writeUInt32LE(packed.length, 18)
    local.writeUInt32LE(entry.sizeBytes ?? data.length, 22)
    local.writeUInt16LE(localName.length, 26)
    const start = entry.sharesWith === undefined ? at : (starts[entry.sharesWith] ?? 0)
    starts.push(start)
    if (entry.sharesWith === undefined) {
      locals.push(local, localName, packed)
      at += 30 + localName.length + packed.length
    }
    const central = Buffer.alloc(46)
    central.writeUInt32LE(0x02014b50, 0)
    central.writeUInt16LE((entry.madeBy ?? 3) << 8, 4)
    central.writeUInt16LE(entry.flags ?? 0, 8)
    central.writeUInt16LE(method, 10)
    central.writeUInt16LE((46 << 9) | (5 << 5) | 6, 14)
    central.writeUInt32LE(entry.crc ?? crc32(data), 16)
    central.writeUInt32LE(packed.length, 20)
    central.writeUInt32LE(entry.sizeBytes ?? data.length, 24)
    central.writeUInt16LE(name.length, 28)
    const extra = entry.extra ?? Buffer.alloc(0)
    central.writeUInt16LE(extra.length, 30)
    central.writeUInt32LE((entry.attributes ?? (entry.mode ?? 0o100644) << 16) >>> 0, 38)
    central.writeUInt32LE(start, 42)
    return Buffer.concat([central, name, extra])
  })
  const central = Buffer.concat([...directory, Buffer.from(options.behindEntries ?? '')])
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(options.count ?? entries.length, 10)
  end.writeUInt32LE(central.length, 12)
  end.writeUInt32LE(at, 16)
  end.writeUInt16LE(options.comment?.length ?? 0, 20)
  return Buffer.concat([...locals, central, end, Buffer.from(options.comment ?? '')])
}

/** A symbolic link. */
export const link = (name: string, target: string): Forged => ({ name, data: Buffer.from(target), mode: 0o120777 })
