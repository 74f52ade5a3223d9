import { tab, lineFeed, carriageReturn, space, plus, minus, dot, zero, lowerE } from './ascii.ts'
import { isDigit, JsonFault, type JsonCursor } from './json-cursor.ts'
import { jsonLimits } from './json-limits.ts'
import { invalidNumberStart, unexpectedValue } from './json-words.ts'

/** Reads what follows a minus; returns the token's name. */
export function readNegative(cursor: JsonCursor): string {
  const byte = cursor.take()
  if (byte === dot) throw unexpectedValue(cursor, byte)
  if (!isDigit(byte)) throw invalidNumberStart(cursor, byte, '-')
  return readNumber(cursor, byte)
}

/** Reads a number from its first digit; returns the token's name. */
export function readNumber(cursor: JsonCursor, first: number): string {
  const start = cursor.at
  if (first === zero && isDigit(cursor.peek())) throw cursor.fault('Invalid numeric value: Leading zeroes not allowed')
  skipDigits(cursor)
  let characters = cursor.at - start + 1
  const isInteger = cursor.peek() !== dot && (cursor.peek() | 0x20) !== lowerE
  if (!isInteger) characters += readFraction(cursor) + readExponent(cursor)
  if (cursor.contexts.length === 1) requireRootSpace(cursor)
  if (characters > jsonLimits.numberCharacters) throw numberTooLong(characters)
  return isInteger ? 'VALUE_NUMBER_INT' : 'VALUE_NUMBER_FLOAT'
}

function readFraction(cursor: JsonCursor): number {
  if (cursor.peek() !== dot) return 0
  cursor.at++
  const count = skipDigits(cursor)
  if (count > 0) return count
  const found = cursor.at < cursor.end ? cursor.take() : dot
  throw cursor.unexpectedInNumber(found, 'Decimal point not followed by a digit')
}

function readExponent(cursor: JsonCursor): number {
  if ((cursor.peek() | 0x20) !== lowerE) return 0
  cursor.at++
  let first = cursor.take()
  if (first === plus || first === minus) first = cursor.take()
  if (!isDigit(first)) throw cursor.unexpectedInNumber(first, 'Exponent indicator not followed by a digit')
  return skipDigits(cursor) + 1
}

function skipDigits(cursor: JsonCursor): number {
  const start = cursor.at
  while (cursor.at < cursor.end && isDigit(cursor.bytes[cursor.at] ?? 0)) cursor.at++
  return cursor.at - start
}

/** After a number that is the whole document comes white space or nothing. */
function requireRootSpace(cursor: JsonCursor): void {
  const next = cursor.peek()
  if (next === 0 && cursor.at >= cursor.end) return
  if (next === space || next === tab || next === carriageReturn || next === lineFeed) return
  cursor.at++
  throw cursor.unexpected(next, 'Expected space separating root-level values')
}

function numberTooLong(length: number): JsonFault {
  return new JsonFault(
    `Number value length (${String(length)}) exceeds the maximum allowed (${String(jsonLimits.numberCharacters)}, from \`StreamReadConstraints.getMaxNumberLength()\`)`,
  )
}
