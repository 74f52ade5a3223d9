/** AWS reads JSON with Jackson, which refuses deeper nesting. */
export const maxJsonDepth = 1000

const [quote, backslash] = [0x22, 0x5c]
/** What opens and closes objects and lists; JSON has no other use for these bytes outside of strings. */
const [openList, openObject, closeList, closeObject] = [0x5b, 0x7b, 0x5d, 0x7d]

/**
 * Where bytes nest objects and lists deeper than `maxJsonDepth`; undefined if nowhere. Looks before anything is parsed, for
 * `JSON.parse` spends seconds on megabytes of open brackets. The bytes need not be JSON.
 */
export function tooDeepAt(bytes: Buffer): number | undefined {
  let depth = 0
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]
    if (byte === quote) {
      at = endOfString(bytes, at + 1)
    } else if (byte === openList || byte === openObject) {
      if (++depth > maxJsonDepth) return at
    } else if (byte === closeList || byte === closeObject) depth--
  }
  return undefined
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
