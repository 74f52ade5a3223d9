import type { Shape } from '../operations.ts'
import { isUnprinted } from './recorded-constraints.ts'

/** One constraint: AWS's text for it, and whether a value satisfies it. */
export interface Constraint {
  readonly text: string
  readonly holds: (value: unknown) => boolean
}

/** The pattern is skipped for longer values whose length is a violation already: a regular expression costs time. */
const longestMatched = 10_000

export const notNull: Constraint = {
  text: 'Member must not be null',
  holds: (value) => value !== null && value !== undefined,
}

/** The constraints of a value itself, in AWS's order: set, maximum, minimum, pattern. */
export function constraintsOf(shape: Shape): Constraint[] {
  const constraints: Constraint[] = []
  if ('enum' in shape) constraints.push(memberOf(shape, shape.enum))
  constraints.push(...limits(shape))
  if ('pattern' in shape) constraints.push(matching(shape.pattern, shape.max))
  return constraints
}

function memberOf(shape: Shape, values: readonly string[]): Constraint {
  const set = new Set(values)
  return {
    text: `Member must satisfy enum value set: [${values.join(', ')}]`,
    holds: (value) => set.has(value as string) || isUnprinted(shape, value as string),
  }
}

function limits(shape: Shape): Constraint[] {
  const isNumber = shape.type === 'integer' || shape.type === 'long' || shape.type === 'double'
  const measure = isNumber ? Number : lengthOf
  const text = `Member must have ${isNumber ? 'value' : 'length'}`
  const { max, min } = shape
  const print = (limit: number) => (shape.type === 'double' ? javaDouble(limit) : String(limit))
  const constraints: Constraint[] = []
  if (max !== undefined) {
    constraints.push({ text: `${text} less than or equal to ${print(max)}`, holds: (value) => measure(value) <= max })
  }
  if (min !== undefined) {
    constraints.push({
      text: `${text} greater than or equal to ${print(min)}`,
      holds: (value) => measure(value) >= min,
    })
  }
  return constraints
}

function lengthOf(value: unknown): number {
  if (typeof value === 'string' || value instanceof Uint8Array || Array.isArray(value)) return value.length
  return Object.keys(value as object).length
}

function matching(pattern: string, max: number | undefined): Constraint {
  const expression = wholeMatch(pattern)
  const isTooLong = (text: string) => max !== undefined && text.length > max && text.length > longestMatched
  return {
    text: `Member must satisfy regular expression pattern: ${pattern}`,
    holds: (value) => isTooLong(value as string) || expression.test(value as string),
  }
}

/** A Java pattern that must match the whole text, as a JavaScript expression: Java's `\s` matches ASCII only. */
export function wholeMatch(pattern: string): RegExp {
  const space = ' \\t\\n\\x0B\\f\\r'
  const adapted = pattern.replaceAll('[\\s\\S]', '[^]').replaceAll('[^\\s]', `[^${space}]`)
  // Only with this flag JavaScript knows classes of Unicode characters, and with it more characters must be escaped.
  return new RegExp(`^(?:${adapted})$`, pattern.includes('\\p{') ? 'u' : '')
}

/** A double as Java prints it: `2.0`, `1.0E7`. */
export function javaDouble(value: number): string {
  const size = Math.abs(value)
  if (value === 0 || (size >= 1e-3 && size < 1e7)) return Number.isInteger(value) ? `${String(value)}.0` : String(value)
  const [digits = '', exponent = ''] = value.toExponential().split('e')
  return `${digits.includes('.') ? digits : `${digits}.0`}E${exponent.replace('+', '')}`
}
