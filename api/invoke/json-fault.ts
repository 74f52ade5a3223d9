import { isUtf8 } from 'node:buffer'
import { maxJsonDepth, tooDeepAt } from './json-depth.ts'

/** The error in invalid JSON and its position, in the words of AWS's parser. */
export interface JsonFault {
  readonly text: string
  readonly line: number
  readonly column: number
}

const values = "JSON String, Number, Array, Object or token 'null', 'true' or 'false'"

/** As Jackson says it. */
const tooDeep = `Document nesting depth (${maxJsonDepth + 1}) exceeds the maximum allowed (${maxJsonDepth}, from \`StreamReadConstraints.getMaxNestingDepth()\`)`

class Fault extends Error {
  readonly at: number
  constructor(message: string, at: number) {
    super(message)
    this.at = at
  }
}

/** Finds the first error in bytes that `JSON.parse` rejected, or that nest too deep. Runs only for requests that fail. */
export function describeJsonFault(bytes: Buffer): JsonFault {
  const deepAt = tooDeepAt(bytes)
  const readable = deepAt === undefined ? bytes : bytes.subarray(0, deepAt)
  const fault = firstFault(readable)
  const isTooDeep = deepAt !== undefined && fault.at >= deepAt
  const at = isTooDeep ? deepAt : fault.at
  const before = bytes.subarray(0, at)
  const lineStart = before.lastIndexOf(0x0a) + 1
  const line = before.toString('latin1').split('\n').length
  return { text: isTooDeep ? tooDeep : fault.message, line, column: at - lineStart + 1 }
}

function firstFault(bytes: Buffer): Fault {
  try {
    const end = skipValue(bytes, skipSpace(bytes, 0))
    const rest = skipSpace(bytes, end)
    if (rest < bytes.length) throw unexpected(bytes, rest, `expected a valid value (${values})`)
    return new Fault('Unexpected end-of-input', bytes.length)
  } catch (error) {
    if (error instanceof Fault) return error
    throw error
  }
}

function skipSpace(bytes: Buffer, from: number): number {
  let at = from
  while (' \t\r\n'.includes(character(bytes, at)) && at < bytes.length) at++
  return at
}

function skipValue(bytes: Buffer, at: number): number {
  const first = character(bytes, at)
  if (first === '{') return skipObject(bytes, at)
  if (first === '[') return skipArray(bytes, at)
  if (first === '"') return skipString(bytes, at)
  if (/[-0-9]/.test(first)) return skipNumber(bytes, at)
  return skipToken(bytes, at)
}

function skipObject(bytes: Buffer, start: number): number {
  let at = skipSpace(bytes, start + 1)
  if (character(bytes, at) === '}') return at + 1
  for (;;) {
    if (at >= bytes.length) throw unclosed('Object', at)
    if (character(bytes, at) !== '"') throw unexpected(bytes, at, 'was expecting double-quote to start field name')
    at = skipSpace(bytes, skipString(bytes, at))
    if (character(bytes, at) !== ':') {
      throw unexpected(bytes, at, 'was expecting a colon to separate field name and value')
    }
    at = skipSpace(bytes, skipValue(bytes, skipSpace(bytes, at + 1)))
    if (character(bytes, at) === '}') return at + 1
    if (at >= bytes.length) throw unclosed('Object', at)
    if (character(bytes, at) !== ',') throw unexpected(bytes, at, 'was expecting comma to separate Object entries')
    at = skipSpace(bytes, at + 1)
  }
}

function skipArray(bytes: Buffer, start: number): number {
  let at = skipSpace(bytes, start + 1)
  if (character(bytes, at) === ']') return at + 1
  for (;;) {
    at = skipSpace(bytes, skipValue(bytes, at))
    if (character(bytes, at) === ']') return at + 1
    if (at >= bytes.length) throw unclosed('Array', at)
    if (character(bytes, at) !== ',') throw unexpected(bytes, at, 'was expecting comma to separate Array entries')
    at = skipSpace(bytes, at + 1)
  }
}

function skipString(bytes: Buffer, start: number): number {
  for (let at = start + 1; at < bytes.length; at++) {
    const code = bytes[at] ?? 0
    if (code === 0x22) return at + 1
    if (code < 0x20) {
      throw new Fault(
        `Illegal unquoted character ((CTRL-CHAR, code ${String(code)})): has to be escaped using backslash to be included in string value`,
        at,
      )
    }
    if (code >= 0x80) at += utf8Length(bytes, at) - 1
    if (code === 0x5c) {
      at++
      if (at < bytes.length && !'"\\/bfnrtu'.includes(character(bytes, at))) {
        throw new Fault(`Unrecognized character escape ${quoted(bytes, at)}`, at)
      }
    }
  }
  throw new Fault('Unexpected end-of-input: was expecting closing quote for a string value', bytes.length)
}

function utf8Length(bytes: Buffer, at: number): number {
  const length = [2, 3, 4].find((size) => isUtf8(bytes.subarray(at, at + size)) && at + size <= bytes.length)
  if (length === undefined) throw new Fault(`Invalid UTF-8 start byte 0x${(bytes[at] ?? 0).toString(16)}`, at)
  return length
}

function skipNumber(bytes: Buffer, start: number): number {
  const match = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/.exec(bytes.toString('latin1', start, start + 1000))
  if (match === null) throw new Fault(`Unexpected character (${quoted(bytes, start + 1)}) in numeric value`, start + 1)
  return start + match[0].length
}

function skipToken(bytes: Buffer, start: number): number {
  if (start >= bytes.length) throw new Fault(`Unexpected end-of-input: expected a valid value (${values})`, start)
  const word = /^[A-Za-z0-9_$]+/.exec(bytes.toString('latin1', start, start + 256))?.[0]
  if (word === 'null' || word === 'true' || word === 'false') return start + word.length
  if (word !== undefined) throw new Fault(`Unrecognized token '${word}': was expecting (${values})`, start)
  if ((bytes[start] ?? 0) >= 0x80) utf8Length(bytes, start)
  throw unexpected(bytes, start, `expected a valid value (${values})`)
}

function unclosed(kind: string, at: number): Fault {
  return new Fault(`Unexpected end-of-input: expected close marker for ${kind}`, at)
}

function unexpected(bytes: Buffer, at: number, expectation: string): Fault {
  if (at >= bytes.length) return new Fault(`Unexpected end-of-input: ${expectation}`, at)
  return new Fault(`Unexpected character (${quoted(bytes, at)}): ${expectation}`, at)
}

function quoted(bytes: Buffer, at: number): string {
  const point = bytes.toString('utf8', at, at + 4).codePointAt(0) ?? 0
  const isControl = point < 0x20 || (point >= 0x7f && point < 0xa0)
  const code = `code ${String(point)}`
  return isControl ? `(CTRL-CHAR, ${code})` : `'${String.fromCodePoint(point)}' (${code})`
}

function character(bytes: Buffer, at: number): string {
  return at < bytes.length ? String.fromCharCode(bytes[at] ?? 0) : '\u0000'
}
