import { describe, expect, test } from '@jest/globals'
import { findJsonFault } from './json-fault.ts'
import { mayExceedLimits, nestsTooDeep } from './json-limits.ts'
import { brokenEverywhere, jsonInputs } from './testing/json-inputs.ts'
import { readAnswers } from './testing/recorded-answers.ts'

const digits = (count: number) => '1'.repeat(count)
const name = (bytes: number, character = 'a') => `{"${character.repeat(bytes / Buffer.byteLength(character))}":1}`

test('each recorded fault is told in the words of Jackson, at its place', () => {
  const answers = readAnswers()
  expect(answers.length).toBeGreaterThan(200)
  for (const { input, answer } of answers) expect([input, findJsonFault(input) ?? '']).toEqual([input, answer])
})

test.each([
  ['a number of 1,000 characters', digits(1000)],
  ['a negative number of 1,000 digits', `-${digits(1000)}`],
  ['a name of 50,000 bytes', name(50_000)],
  ['a string of 100,000 bytes', JSON.stringify(digits(100_000))],
  ['1,000 levels', '['.repeat(1000) + ']'.repeat(1000)],
])('%s is read', (_, text) => {
  expect(findJsonFault(Buffer.from(text))).toBeUndefined()
})

test.each([
  [
    'a number of 1,001 digits',
    digits(1001),
    'Number value length (1001) exceeds the maximum allowed (1000, from `StreamReadConstraints.getMaxNumberLength()`)',
  ],
  ['a fraction of 1,001 digits', `[${digits(500)}.${digits(501)}]`, 'Number value length (1001) exceeds'],
  [
    'a name of 50,002 bytes',
    name(50_002, 'é'),
    'Name length (50002) exceeds the maximum allowed (50000, from `StreamReadConstraints.getMaxNameLength()`)',
  ],
  ['a name larger than its buffer', name(70_000), 'Name length (65536) exceeds'],
  [
    '1,001 levels',
    '['.repeat(1001),
    'Document nesting depth (1001) exceeds the maximum allowed (1000, from `StreamReadConstraints.getMaxNestingDepth()`)',
  ],
])('%s is refused', (_, text, message) => {
  const bytes = Buffer.from(text)
  expect(findJsonFault(bytes)).toContain(message)
  expect(mayExceedLimits(bytes)).toBe(true)
})

test('a name that does not end is read no further than its buffer', () => {
  expect(findJsonFault(Buffer.from(`{"${digits(65_540)}`))).toContain('Unexpected end-of-input in field name')
  expect(findJsonFault(Buffer.from(`{"${digits(65_541)}`))).toContain('Name length (65536)')
})

describe('limits', () => {
  test.each([
    JSON.stringify({ text: digits(100_000), list: Array.from({ length: 2000 }, (_, index) => index) }),
    `{"a" : "${'\\"'.repeat(40_000)}" , "b":1}`,
    '['.repeat(1000) + ']'.repeat(1000),
  ])('are not suspected in %.20s', (text) => {
    expect(mayExceedLimits(Buffer.from(text))).toBe(false)
  })

  test('of a long name are seen in front of white space and a colon', () => {
    expect(mayExceedLimits(Buffer.from(`{"${digits(50_001)}" \n: 1}`))).toBe(true)
  })

  test('of depth alone are those of bodies', () => {
    expect(nestsTooDeep(Buffer.from('{"a":'.repeat(1001)))).toBe(true)
    expect(nestsTooDeep(Buffer.from(`"${'['.repeat(2000)}"${digits(2000)}`))).toBe(false)
  })
})

test('what JSON.parse takes is taken, whatever its bytes', () => {
  const texts = [...jsonInputs(1, 3000), ...brokenEverywhere(Buffer.from('{"aé":["b€",-1.5e3,null]}'))]
  for (const input of texts) {
    if (isJson(input)) expect([input, findJsonFault(input)]).toEqual([input, undefined])
  }
})

function isJson(input: Buffer): boolean {
  try {
    JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(input))
    return true
  } catch {
    return false
  }
}
