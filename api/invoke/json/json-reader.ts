import {
  quote,
  comma,
  minus,
  colon,
  openList,
  closeList,
  lowerF,
  lowerN,
  lowerT,
  openObject,
  closeObject,
} from './ascii.ts'
import { JsonCursor, isDigit, JsonFault, locationOf, noMore } from './json-cursor.ts'
import { jsonLimits } from './json-limits.ts'
import { readNegative, readNumber } from './json-numbers.ts'
import { readName, readString } from './json-strings.ts'
import { readWord, unexpectedValue } from './json-words.ts'

/**
 * Reads a JSON text in UTF-8, after which nothing may follow, as Jackson (2.19) reads it into a tree; throws a `JsonFault` at its
 * first fault. In linear time. Like Jackson it accepts overlong sequences and surrogates. What Jackson takes by its first bytes
 * for UTF-16 or UTF-32 is read as UTF-8.
 */
export function readDocument(bytes: Uint8Array, start = 0): void {
  const cursor = new JsonCursor(bytes, start)
  const first = nextOrEnd(cursor)
  if (first === noMore) throw new JsonFault(`No content to map due to end-of-input\n at ${locationOf(1)}`)
  if (isClosing(first)) closeWrong(cursor, first)
  readValue(cursor, first)
  const next = nextOrEnd(cursor)
  if (next !== noMore) readTrailing(cursor, next)
}

function readTrailing(cursor: JsonCursor, first: number): never {
  if (isClosing(first)) closeWrong(cursor, first)
  cursor.markToken()
  const kind = startValue(cursor, first)
  const text = `Trailing token (of type ${kind}) found after value (bound as \`com.fasterxml.jackson.databind.JsonNode\`)`
  throw cursor.faultAtToken(`${text}: not allowed as per \`DeserializationFeature.FAIL_ON_TRAILING_TOKENS\``)
}

/** Reads a value with all that it contains. */
function readValue(cursor: JsonCursor, first: number): void {
  cursor.markToken()
  const kind = startValue(cursor, first)
  cursor.token = kind
  if (kind === 'VALUE_STRING') readString(cursor)
  else if (kind === 'START_ARRAY') readList(cursor)
  else if (kind === 'START_OBJECT') readObject(cursor)
}

/** Reads a scalar but for strings, or the first character of the others; returns the token's name. */
function startValue(cursor: JsonCursor, first: number): string {
  if (first === quote) return 'VALUE_STRING'
  if (first === openList || first === openObject) return openContainer(cursor, first)
  if (first === minus) return readNegative(cursor)
  if (isDigit(first)) return readNumber(cursor, first)
  if (first === lowerT) return readWord(cursor, 'true', 'VALUE_TRUE')
  if (first === lowerF) return readWord(cursor, 'false', 'VALUE_FALSE')
  if (first === lowerN) return readWord(cursor, 'null', 'VALUE_NULL')
  throw unexpectedValue(cursor, first)
}

function openContainer(cursor: JsonCursor, first: number): string {
  const kind = first === openList ? 'Array' : 'Object'
  cursor.open(kind)
  if (cursor.contexts.length - 1 > jsonLimits.depth) throw tooDeep()
  return first === openList ? 'START_ARRAY' : 'START_OBJECT'
}

function readList(cursor: JsonCursor): void {
  let next = nextOrEnd(cursor)
  for (let index = 0; next !== closeList; index++) {
    if (next === closeObject) closeWrong(cursor, next)
    if (index > 0) next = afterComma(cursor, next)
    readValue(cursor, next)
    next = nextOrEnd(cursor)
  }
  close(cursor, 'END_ARRAY')
}

function readObject(cursor: JsonCursor): void {
  let next = nextOrEnd(cursor)
  for (let index = 0; next !== closeObject; index++) {
    if (next === closeList) closeWrong(cursor, next)
    if (index > 0) next = afterComma(cursor, next)
    readName(cursor, next)
    cursor.token = 'FIELD_NAME'
    readValue(cursor, afterColon(cursor))
    next = nextOrEnd(cursor)
  }
  close(cursor, 'END_OBJECT')
}

function close(cursor: JsonCursor, token: string): void {
  cursor.contexts.pop()
  cursor.token = token
}

/** A closing bracket where none or the other one is expected. */
function closeWrong(cursor: JsonCursor, closing: number): never {
  const { kind, line, column } = cursor.context
  const [own, expected] = closing === closeList ? ['Array', '}'] : ['Object', ']']
  const marker = `Unexpected close marker '${String.fromCharCode(closing)}'`
  if (kind === 'root') throw cursor.faultBefore(`${marker}: no open ${own} to close`)
  throw cursor.faultBefore(`${marker}: expected '${expected}' (for ${kind} starting at ${locationOf(line, column)})`)
}

/** The next character that is no white space, or `noMore` at the end of the document. */
function nextOrEnd(cursor: JsonCursor): number {
  const next = cursor.skipSpace()
  if (next !== noMore || cursor.contexts.length === 1) return next
  const { kind, line, column } = cursor.context
  throw cursor.endOfInput(`: expected close marker for ${kind} (start marker at ${locationOf(line, column)})`)
}

function afterComma(cursor: JsonCursor, next: number): number {
  if (next !== comma) throw cursor.unexpected(next, `was expecting comma to separate ${cursor.context.kind} entries`)
  const after = cursor.skipSpace()
  if (after === noMore) throw endWithin(cursor)
  return after
}

function afterColon(cursor: JsonCursor): number {
  const next = cursor.skipSpace()
  if (next === noMore) throw endWithin(cursor)
  if (next !== colon) throw cursor.unexpected(next, 'was expecting a colon to separate field name and value')
  const after = cursor.skipSpace()
  if (after === noMore) throw endWithin(cursor)
  return after
}

function endWithin(cursor: JsonCursor): JsonFault {
  return cursor.endOfInput(` within/between ${cursor.context.kind} entries`)
}

function tooDeep(): JsonFault {
  const { depth } = jsonLimits
  return new JsonFault(
    `Document nesting depth (${String(depth + 1)}) exceeds the maximum allowed (${String(depth)}, from \`StreamReadConstraints.getMaxNestingDepth()\`)`,
  )
}

function isClosing(byte: number): boolean {
  return byte === closeList || byte === closeObject
}
