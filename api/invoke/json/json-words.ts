import { lowerN, plus, comma, zero, upperI, upperN, closeList, closeObject } from './ascii.ts'
import { isIdentifierPart, isIdentifierStart } from './java-characters.ts'
import type { JsonCursor, JsonFault } from './json-cursor.ts'

const values = "JSON String, Number, Array, Object or token 'null', 'true' or 'false'"
const longestTokenInMessage = 256

/** Reads the rest of `null`, `true` or `false`; returns the token's name. */
export function readWord(cursor: JsonCursor, word: string, token: string): string {
  matchWord(cursor, word, 1)
  return token
}

/** Reads the rest of a word, after which no identifier may go on. */
function matchWord(cursor: JsonCursor, word: string, from: number): void {
  for (let index = from; index < word.length; index++) {
    if (cursor.bytes[cursor.at] !== word.charCodeAt(index)) throw unrecognized(cursor, word.slice(0, index))
    cursor.at++
  }
  if (cursor.at >= cursor.end) return
  const next = cursor.bytes[cursor.at] ?? 0
  if (next < zero || next === closeList || next === closeObject) return
  if (isIdentifierPart(cursor.decodeForMessage(next))) throw unrecognized(cursor, word)
}

function unrecognized(cursor: JsonCursor, start: string): JsonFault {
  let text = start
  while (cursor.at < cursor.end) {
    const unit = cursor.decodeForMessage(cursor.bytes[cursor.at++] ?? 0) & 0xffff
    if (!isIdentifierPart(unit)) break
    text += String.fromCharCode(unit)
    if (text.length >= longestTokenInMessage) {
      text += '...'
      break
    }
  }
  return cursor.fault(`Unrecognized token '${text}': was expecting (${values})`)
}

/** What cannot begin a value. */
export function unexpectedValue(cursor: JsonCursor, byte: number): JsonFault {
  if (byte === comma || byte === closeObject || (byte === closeList && cursor.context.kind === 'Array')) {
    return cursor.unexpected(byte, 'expected a value')
  }
  if (byte === upperN) {
    matchWord(cursor, 'NaN', 1)
    return notStandard(cursor, 'NaN')
  }
  if (byte === upperI) {
    matchWord(cursor, 'Infinity', 1)
    return notStandard(cursor, 'Infinity')
  }
  if (byte === plus) return invalidNumberStart(cursor, cursor.takeOr(' in a Number value'), '+')
  if (isIdentifierStart(byte)) return unrecognized(cursor, String.fromCharCode(byte))
  return cursor.unexpected(byte, `expected a valid value (${values})`)
}

function notStandard(cursor: JsonCursor, word: string): JsonFault {
  return cursor.fault(`Non-standard token '${word}': enable \`JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS\` to allow`)
}

/** What follows a sign and is no digit. */
export function invalidNumberStart(cursor: JsonCursor, first: number, sign: '+' | '-'): JsonFault {
  let found = first
  if (first === upperI) {
    // Jackson does not mask this byte: what is not ASCII is a negative number.
    found = (cursor.takeOr(' in a Number value') << 24) >> 24
    const word = found === upperN ? `${sign}INF` : found === lowerN ? `${sign}Infinity` : undefined
    if (word !== undefined) {
      matchWord(cursor, word, 3)
      return notStandard(cursor, word)
    }
  }
  if (sign === '+') return cursor.unexpectedInNumber(plus, noPlus)
  return cursor.unexpectedInNumber(found, 'expected digit (0-9) to follow minus sign, for valid numeric value')
}

const noPlus =
  'JSON spec does not allow numbers to have plus signs: enable `JsonReadFeature.ALLOW_LEADING_PLUS_SIGN_FOR_NUMBERS` to allow'
