import { crc32 } from 'node:zlib'

/** The content type of event streams. */
export const eventStreamType = 'application/vnd.amazon.eventstream'

const preludeBytes = 12
const checksumBytes = 4
/** The only type of header that Lambda's events have. */
const stringType = 7

/**
 * Encodes one event: `total u32 | headers u32 | CRC32 of these | headers | payload | CRC32 of all before`, numbers big-endian; a
 * header is `name length u8 | name | type u8 | value length u16 | value`.
 */
export function encodeEvent(eventType: string, contentType: string, payload: Uint8Array): Buffer {
  const headers = headersOf(eventType, contentType)
  const total = preludeBytes + headers.length + payload.length + checksumBytes
  const message = Buffer.allocUnsafe(total)
  message.writeUInt32BE(total, 0)
  message.writeUInt32BE(headers.length, 4)
  message.writeUInt32BE(crc32(message.subarray(0, 8)), 8)
  message.set(headers, preludeBytes)
  message.set(payload, preludeBytes + headers.length)
  message.writeUInt32BE(crc32(message.subarray(0, total - checksumBytes)), total - checksumBytes)
  return message
}

function headersOf(eventType: string, contentType: string): Buffer {
  const headers = { ':message-type': 'event', ':event-type': eventType, ':content-type': contentType }
  return Buffer.concat(Object.entries(headers).flatMap(([name, value]) => [sized(name, 1), typed(value)]))
}

function typed(value: string): Buffer {
  return Buffer.concat([Buffer.from([stringType]), sized(value, 2)])
}

function sized(text: string, lengthBytes: number): Buffer {
  const bytes = Buffer.from(text)
  const length = Buffer.alloc(lengthBytes)
  length.writeUIntBE(bytes.length, 0, lengthBytes)
  return Buffer.concat([length, bytes])
}
