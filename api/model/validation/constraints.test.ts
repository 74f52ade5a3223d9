import { expect, test } from '@jest/globals'
import { javaDouble, wholeMatch } from './constraints.ts'
import { operations, shapeOf, structureOf } from '../operations.ts'
import type { Shape } from '../operations.ts'
import { checkedShape } from './recorded-constraints.ts'

test.each([
  [0, '0.0'],
  [2, '2.0'],
  [-1, '-1.0'],
  [0.5, '0.5'],
  [1e7, '1.0E7'],
  [12_500_000, '1.25E7'],
  [0.0001, '1.0E-4'],
])('the double %d is printed as Java does: %s', (value, text) => {
  expect(javaDouble(value)).toBe(text)
})

test('a pattern must match the whole text, and its spaces are ASCII', () => {
  expect(wholeMatch('a|b').test('ab')).toBe(false)
  expect(wholeMatch('$|a').test('')).toBe(true)
  expect(wholeMatch('[^\\s]+').test('a\u00a0b')).toBe(true)
  expect(wholeMatch('[^\\s]+').test('a b')).toBe(false)
  expect(wholeMatch('[\\s\\S]*').test('a\nb')).toBe(true)
})

function patternsOfInputs(): string[] {
  const patterns = new Set<string>()
  const seen = new Set<string>()
  const visit = (name: string): void => {
    if (seen.has(name)) return
    seen.add(name)
    const shape = checkedShape(name)
    if ('pattern' in shape) patterns.add(shape.pattern)
    for (const inner of innerShapes(shape)) visit(inner)
  }
  for (const { input } of operations)
    if (input !== undefined) for (const { shape } of Object.values(structureOf(input).members)) visit(shape)
  return [...patterns]
}

function innerShapes(shape: Shape): string[] {
  if (shape.type === 'structure') return Object.values(shape.members).map((member) => member.shape)
  if (shape.type === 'list') return [shape.member]
  return shape.type === 'map' ? [shape.key, shape.value] : []
}

/**
 * A pattern whose search doubles with each character would never come back from these; the test then ends by its own timeout.
 */
test.each(patternsOfInputs())('texts made to be searched long are answered by %s', (pattern) => {
  const expression = wholeMatch(pattern)
  for (const unit of ['a', '1', '-', 'a.', 'a:', 'a-', 'arn:aws:', 'us-gov-', '/', '0a']) {
    expect(typeof expression.test(`${unit.repeat(2_000)}!`)).toBe('boolean')
    expect(typeof expression.test(`arn:aws:lambda:us-east-1:${unit.repeat(2_000)}!`)).toBe('boolean')
  }
})

test('the shapes that recordings correct are in the model', () => {
  for (const name of ['DestinationArn', 'NamespacedStatementId', 'SubnetId', 'TaggableResource'])
    expect(shapeOf(name).type).toBe('string')
})
