/** Java's view of characters, where messages of its programs depend on it: one UTF-16 unit at a time. */

const identifierStart = /^[\p{L}\p{Nl}\p{Sc}\p{Pc}]$/u
const identifierPart = /^[\p{L}\p{Nl}\p{Sc}\p{Pc}\p{Nd}\p{Mn}\p{Mc}\p{Cf}\0-\x08\x0e-\x1b\x7f-\x9f]$/u

/** `Character.isJavaIdentifierStart` of a UTF-16 unit. */
export function isIdentifierStart(unit: number): boolean {
  return identifierStart.test(String.fromCharCode(unit))
}

/** `Character.isJavaIdentifierPart` of a UTF-16 unit. */
export function isIdentifierPart(unit: number): boolean {
  if (unit < 0x80) return isAsciiIdentifierPart[unit] === 1
  return identifierPart.test(String.fromCharCode(unit))
}

const isAsciiIdentifierPart = Uint8Array.from({ length: 0x80 }, (_, unit) =>
  identifierPart.test(String.fromCharCode(unit)) ? 1 : 0,
)

/** A character as Jackson's messages show it. Like Java's `char`, only its lower 16 bits are printed. */
export function described(code: number): string {
  const unit = code & 0xffff
  if (unit < 0x20 || (unit >= 0x7f && unit < 0xa0)) return `(CTRL-CHAR, code ${String(code)})`
  const hex = code > 0xff ? ` / 0x${code.toString(16)}` : ''
  return `'${String.fromCharCode(unit)}' (code ${String(code)}${hex})`
}
