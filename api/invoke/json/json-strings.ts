import { space, quote, zero, backslash, lowerU } from './ascii.ts'
import { continuationBytes, isDigit, JsonFault, type JsonCursor } from './json-cursor.ts'
import { described } from './java-characters.ts'
import { jsonLimits } from './json-limits.ts'

/** Jackson keeps names in words of four bytes, and the buffer of a name that is too long grows up to this many bytes. */
const nameBuffer = 65_536

/** What ends a run of ordinary units in a string: control characters, quote, backslash, and what is not ASCII. */
const isSpecialInString = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte < space || byte === quote || byte === backslash || byte >= 0x80 ? 1 : 0,
)
const escapes = new Set(Array.from('bfnrt"/\\', (character) => character.charCodeAt(0)))

/** Reads a string value from behind its quote. */
export function readString(cursor: JsonCursor): void {
  for (;;) {
    while (cursor.at < cursor.end && isSpecialInString[cursor.bytes[cursor.at] ?? 0] === 0) cursor.at++
    const byte = cursor.take()
    if (byte === quote) return
    if (byte === backslash) readEscape(cursor)
    else if (byte < space) throw unquoted(cursor, byte, 'string value')
    else readSequence(cursor, byte)
  }
}

/** Skips the rest of a UTF-8 sequence. */
function readSequence(cursor: JsonCursor, first: number): void {
  const more = continuationBytes(first)
  if (more === 0) throw cursor.invalidStart(first)
  for (let count = 0; count < more; count++) {
    const byte = cursor.take()
    if ((byte & 0xc0) !== 0x80) throw cursor.invalidMiddle(byte)
  }
}

/** Reads what follows a backslash; returns the UTF-16 unit of `\uXXXX`, otherwise the character itself. */
function readEscape(cursor: JsonCursor): number {
  const byte = cursor.takeOr(' in character escape sequence')
  if (escapes.has(byte)) return byte
  if (byte !== lowerU)
    throw cursor.faultBefore(`Unrecognized character escape ${described(cursor.decodeForMessage(byte) & 0xffff)}`)
  let unit = 0
  for (let count = 0; count < 4; count++) {
    const digit = cursor.takeOr(' in character escape sequence')
    const value = hexValue(digit)
    if (value < 0) throw cursor.unexpected(digit, 'expected a hex-digit for character escape sequence')
    unit = unit * 16 + value
  }
  return unit
}

function unquoted(cursor: JsonCursor, byte: number, place: string): JsonFault {
  return cursor.faultBefore(
    `Illegal unquoted character (${described(byte)}): has to be escaped using backslash to be included in ${place}`,
  )
}

/** Reads a name of an object from its quote. */
export function readName(cursor: JsonCursor, first: number): void {
  if (first !== quote) {
    throw cursor.unexpected(cursor.decodeForMessage(first) & 0xffff, 'was expecting double-quote to start field name')
  }
  const start = cursor.at
  let hasMore = false
  let escaped: number[] | undefined
  if (cursor.at >= cursor.end) throw cursor.endOfInput(`: was expecting closing '"' for name`)
  for (;;) {
    if (cursor.at >= cursor.end) throw cursor.endOfInput(' in field name')
    const byte = cursor.bytes[cursor.at++] ?? 0
    if (byte === quote) break
    if (byte === backslash) {
      escaped ??= Array.from(cursor.bytes.subarray(start, cursor.at - 1))
      escaped.push(...utf8Of(readEscape(cursor)))
    } else {
      if (byte < space) throw unquoted(cursor, byte, 'name')
      if (byte >= 0x80) hasMore = true
      escaped?.push(byte)
    }
    if ((escaped?.length ?? cursor.at - start) > nameBuffer + 4) throw nameTooLong(nameBuffer)
  }
  const name = escaped ?? cursor.bytes.subarray(start, cursor.at - 1)
  if (hasMore) checkName(cursor, name)
  if (name.length > jsonLimits.nameBytes) throw nameTooLong(Math.min(name.length, nameBuffer))
}

/** Jackson decodes a name once it has all of it. */
function checkName(cursor: JsonCursor, name: ArrayLike<number>): void {
  for (let at = 0; at < name.length; at++) {
    const byte = name[at] ?? 0
    if (byte < 0x80) continue
    const more = continuationBytes(byte)
    if (more === 0) throw cursor.invalidStart(byte)
    if (at + more >= name.length) throw cursor.endOfInput(' in field name')
    for (let count = 0; count < more; count++) {
      if (((name[++at] ?? 0) & 0xc0) !== 0x80) throw cursor.invalidMiddle(quadUpTo(name, at))
    }
  }
}

function nameTooLong(length: number): JsonFault {
  return new JsonFault(
    `Name length (${String(length)}) exceeds the maximum allowed (${String(jsonLimits.nameBytes)}, from \`StreamReadConstraints.getMaxNameLength()\`)`,
  )
}

function hexValue(byte: number): number {
  if (isDigit(byte)) return byte - zero
  const lower = byte | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}

/** Jackson keeps names in words of four bytes, and shows a wrong byte with those before it in its word, the sign extended. */
function quadUpTo(name: ArrayLike<number>, at: number): number {
  const start = at - (at % 4)
  let word = ((name[start] ?? 0) << 24) >> 24
  for (let index = start + 1; index <= at; index++) word = (word << 8) | (name[index] ?? 0)
  return word >>> 0
}

/** A UTF-16 unit in UTF-8, surrogates alone too. */
function utf8Of(unit: number): number[] {
  if (unit < 0x80) return [unit]
  if (unit < 0x800) return [0xc0 | (unit >> 6), 0x80 | (unit & 0x3f)]
  return [0xe0 | (unit >> 12), 0x80 | ((unit >> 6) & 0x3f), 0x80 | (unit & 0x3f)]
}
