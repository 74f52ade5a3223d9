import { space, quote, comma, colon, openList, backslash, closeList, openObject, closeObject } from './ascii.ts'
/** Limits of Jackson, with which AWS reads JSON, for one document. */
export const jsonLimits = { depth: 1000, numberCharacters: 1000, nameBytes: 50_000 }

/**
 * Whether bytes nest objects and lists too deep. Looks before anything is parsed, for `JSON.parse` spends seconds on megabytes
 * of open brackets. The bytes need not be JSON.
 */
export function nestsTooDeep(bytes: Buffer): boolean {
  return scan(bytes, () => false)
}

/** Far more values than the input of any operation has, counted by the marks around them. */
const maxMarks = 1_000_000

/**
 * Whether bytes hold so many objects, lists and texts that `JSON.parse` would need gigabytes for them. The bytes need not be JSON, and must
 * not nest too deep.
 */
export function hasTooManyValues(bytes: Buffer): boolean {
  if (bytes.length <= maxMarks) return false
  let marks = 0
  return scan(bytes, () => ++marks > maxMarks)
}

/**
 * Whether bytes may be beyond a limit: for some that are not, true too, for none that are false. The bytes need not be JSON.
 */
export function mayExceedLimits(bytes: Buffer): boolean {
  const { depth, numberCharacters, nameBytes } = jsonLimits
  if (bytes.length <= Math.min(depth, numberCharacters, nameBytes)) return false
  return scan(bytes, (from, to) => to - from > numberCharacters, nameBytes)
}

/** Looks for deep nesting, for names that are too long, and for text between the marks of JSON that is too long. */
function scan(bytes: Buffer, isTooLong: (from: number, to: number) => boolean, nameBytes = Infinity): boolean {
  let depth = 0
  let from = 0
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]
    if (byte === openList || byte === openObject) {
      if (++depth > jsonLimits.depth) return true
    } else if (byte === closeList || byte === closeObject) depth--
    else if (byte !== quote && byte !== comma) continue
    if (isTooLong(from, at)) return true
    if (byte === quote) {
      const start = at + 1
      at = endOfString(bytes, start)
      if (at - start > nameBytes && isName(bytes, at + 1)) return true
    }
    from = at + 1
  }
  return isTooLong(from, bytes.length)
}

/** The place of the closing quote, or the end. A string of megabytes is searched natively. */
function endOfString(bytes: Buffer, start: number): number {
  for (let from = start; ;) {
    const end = bytes.indexOf(quote, from)
    if (end < 0) return bytes.length
    let escapes = 0
    while (end - escapes > from && bytes[end - escapes - 1] === backslash) escapes++
    if (escapes % 2 === 0) return end
    from = end + 1
  }
}

/** Whether a colon follows. */
function isName(bytes: Buffer, start: number): boolean {
  let at = start
  while ((bytes[at] ?? colon) <= space) at++
  return bytes[at] === colon
}
