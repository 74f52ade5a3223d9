import { describe, expect, test } from '@jest/globals'
import { LambdaError } from '../errors.ts'
import { checkPayload, maxEventBytes, maxPayloadBytes } from './payload.ts'

const deep = (levels: number) => '['.repeat(levels) + ']'.repeat(levels)

const fault = (payload: Buffer): LambdaError => {
  try {
    checkPayload(payload, 'RequestResponse')
  } catch (error) {
    if (error instanceof LambdaError) return error
  }
  throw new Error('the payload was accepted')
}

describe('the event of an invocation', () => {
  test.each([
    '{"a": 1}',
    '[]',
    '"text"',
    '1',
    'null',
    ' {"ü":"\\u00e9"}\n',
    deep(1000),
    `["${'['.repeat(2000)}\\"${'{'.repeat(2000)}"]`,
  ])('%s is passed on byte for byte', (text) => {
    const payload = Buffer.from(text)
    expect(checkPayload(payload, 'RequestResponse')).toBe(payload)
  })

  test('nothing is the empty object', () => {
    expect(checkPayload(Buffer.alloc(0), 'RequestResponse').toString()).toBe('{}')
  })

  test('the recorded parser texts are given for bytes that are not UTF-8 and for control characters', () => {
    const source = 'Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled)'
    const prefix = 'Could not parse request body into json: Could not parse payload into json: '
    const expected = "JSON String, Number, Array, Object or token 'null', 'true' or 'false'"
    expect(fault(Buffer.from('n\x87', 'latin1')).message).toBe(
      `${prefix}Invalid UTF-8 start byte 0x87\n at [${source}; line: 1, column: 3]`,
    )
    expect(fault(Buffer.from('\x99x', 'latin1')).message).toBe(
      `${prefix}Unexpected character ((CTRL-CHAR, code 153)): expected a valid value (${expected})\n at [${source}; line: 1, column: 1]`,
    )
  })

  test.each([
    ['a byte order mark', '\xef\xbb\xbf{}'],
    ['a lone surrogate', '"\xed\xa0\x80"'],
    ['the same key twice', '{"a":1,"a":2}'],
  ])('%s is passed on, as AWS does', (_, text) => {
    const payload = Buffer.from(text, 'latin1')
    expect(checkPayload(payload, 'RequestResponse')).toBe(payload)
  })

  test.each([
    ['{', 'Unexpected end-of-input'],
    ['{"a"}', 'was expecting a colon to separate field name and value'],
    ['{a:1}', 'was expecting double-quote to start field name'],
    ['[1,', 'Unexpected end-of-input'],
    ['[1 2]', 'was expecting comma to separate Array entries'],
    ['nul', "Unrecognized token 'nul'"],
    ['"a', 'Unexpected end-of-input in VALUE_STRING'],
    ['"\n"', 'Illegal unquoted character'],
    ['"\\x"', 'Unrecognized character escape'],
    ['-', 'Unexpected end-of-input in null'],
    ['-x', 'in numeric value'],
    ['{} {}', 'Trailing token (of type START_OBJECT) found after value'],
    ['9'.repeat(1001), 'Number value length (1001) exceeds the maximum allowed (1000'],
    [' ', 'No content to map due to end-of-input'],
    ['['.repeat(200_000), 'Document nesting depth (1001) exceeds the maximum allowed (1000'],
    [`${'{"a":['.repeat(501)}1${']}'.repeat(501)}`, 'Document nesting depth (1001)'],
    [`{"a" 1${'['.repeat(2000)}`, 'was expecting a colon'],
  ])('%.20s is refused with what is wrong', (text, message) => {
    const error = fault(Buffer.from(text))
    expect(error.name).toBe('InvalidRequestContentException')
    expect(error.message).toContain(message)
  })

  test('the limits are 6 MB for an answer and 1 MB for an event', () => {
    const atLimit = Buffer.alloc(maxPayloadBytes, ' ').fill('1', 0, 1)
    expect(checkPayload(atLimit, 'RequestResponse')).toBe(atLimit)
    expect(() => checkPayload(Buffer.alloc(maxPayloadBytes + 1, ' '), 'RequestResponse')).toThrow(
      '6291457 byte payload is too large for the RequestResponse invocation type (limit 6291456 bytes)',
    )
    expect(() => checkPayload(Buffer.alloc(maxEventBytes + 1, ' '), 'Event')).toThrow('too large for the Event')
  })
})
