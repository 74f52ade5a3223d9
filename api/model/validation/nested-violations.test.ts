import { expect, test } from '@jest/globals'
import { LambdaError } from '../../errors.ts'
import { constraintsOf } from './constraints.ts'
import { operation, operations, structureOf, type OperationName, type Shape } from '../operations.ts'
import { checkedMember } from './recorded-constraints.ts'
import { sampleInput, sampleOf } from '../testing/samples.ts'
import { validate } from './validate.ts'

/** A place in an input: how to put a value there, and how AWS writes it. */
interface Place {
  readonly operation: OperationName
  readonly keys: readonly (string | number)[]
  readonly path: string
  /** The shape as the model calls it, and as its values are held to it. */
  readonly shapeName: string
  readonly shape: Shape
  readonly isRequired: boolean
}

const segment = (member: string) => member.charAt(0).toLowerCase() + member.slice(1)
const notNull = 'Member must not be null'

/** Every member of a structure, at any depth, also of structures in lists. */
function* placesOf(name: OperationName, structure: string, keys: Place['keys'] = [], before = ''): Generator<Place> {
  const { members, required } = structureOf(structure)
  for (const [member, { shape: shapeName }] of Object.entries(members)) {
    const shape = checkedMember(structure, member, shapeName)
    const place = { operation: name, keys: [...keys, member], path: `${before}${segment(member)}`, shapeName, shape }
    yield { ...place, isRequired: required.includes(member) }
    if (shape.type === 'structure') yield* placesOf(name, shapeName, place.keys, `${place.path}.`)
    if (shape.type !== 'list') continue
    const element = checkedMember(shapeName, 'member', shape.member)
    if (element.type === 'structure') yield* placesOf(name, shape.member, [...place.keys, 0], `${place.path}.1.member.`)
  }
}

const places = operations.flatMap(({ name, input }) => (input === undefined ? [] : [...placesOf(name, input)]))

function messageOf({ operation: name, keys }: Place, value: unknown): string {
  try {
    validate(operation(name), replaced(sampleInput(operation(name)), keys, value) as Record<string, unknown>)
  } catch (error) {
    if (error instanceof LambdaError) return `${error.name} ${String(error.status)}: ${error.message}`
    throw error
  }
  return 'taken'
}

function replaced(input: unknown, [key, ...rest]: readonly (string | number)[], value: unknown): unknown {
  if (key === undefined) return value
  if (typeof key === 'number') return (input as unknown[]).map((each) => replaced(each, rest, value))
  const inner = (input as Record<string, unknown>)[key]
  return { ...(input as object), [key]: replaced(inner, rest, value) }
}

/** Texts and numbers, one of which breaks any constraint of a scalar. */
function wrongScalars({ type, max = 0, min = 0 }: Shape): unknown[] {
  if (type === 'string') return max > 1_000_000 ? [] : ['', '!\n ', 'x'.repeat(max + 1)]
  return ['integer', 'long', 'double'].includes(type) ? [max + 1, min - 1] : []
}

/** All that members in a list, or values in a map, are held to, in one pair of brackets. */
function bracketed(shape: Shape, name: string): string {
  const own = constraintsOf(shape).map(({ text }) => text)
  const inner =
    shape.type === 'list'
      ? [`Member must satisfy constraint: ${bracketed(checkedMember(name, 'member', shape.member), shape.member)}`]
      : []
  return `[${[...own, ...inner, notNull].join(', ')}]`
}

const ending = (path: string, constraint: string) =>
  new RegExp(
    `^ValidationException 400: .*at '${escaped(path)}' failed to satisfy constraint: ${escaped(constraint)}(;|$)`,
    's',
  )

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}

test('each constraint of each member, at any depth, broken alone, is named with the whole message', () => {
  let broken = 0
  for (const place of places) {
    for (const { text, holds } of constraintsOf(place.shape)) {
      const value = wrongScalars(place.shape).find((candidate) => !holds(candidate))
      if (value === undefined) continue
      expect(messageOf(place, value)).toMatch(ending(place.path, text))
      broken += 1
    }
  }
  expect(broken).toBeGreaterThan(400)
})

test('each member that is required, at any depth, left out, is null at its place', () => {
  let left = 0
  for (const place of places.filter(({ isRequired }) => isRequired)) {
    const text = `1 validation error detected: Value null at '${place.path}' failed to satisfy constraint: ${notNull}`
    expect(messageOf(place, undefined)).toBe(`ValidationException 400: ${text}`)
    left += 1
  }
  expect(left).toBeGreaterThan(100)
})

test('each list is named with all that its members are held to, whichever they break', () => {
  let broken = 0
  for (const place of places) {
    const { shape, shapeName } = place
    if (shape.type !== 'list') continue
    const member = checkedMember(shapeName, 'member', shape.member)
    if (member.type === 'structure') continue
    const wrong = constraintsOf(member).map(({ holds }) => wrongScalars(member).find((candidate) => !holds(candidate)))
    for (const value of [null, ...wrong]) {
      if (value === undefined) continue
      const constraint = `Member must satisfy constraint: ${bracketed(member, shape.member)}`
      expect(messageOf(place, [value])).toMatch(ending(place.path, constraint))
      broken += 1
    }
  }
  expect(broken).toBeGreaterThan(30)
})

test('each map is named with all that its keys and its values are held to', () => {
  let broken = 0
  for (const place of places) {
    const { shape, shapeName } = place
    if (shape.type !== 'map') continue
    const [key, value] = [checkedMember(shapeName, 'key', shape.key), checkedMember(shapeName, 'value', shape.value)]
    const [goodKey = ''] = Object.keys(sampleOf(shapeName, shape) as object)
    const goodValue = sampleOf(shape.value, value)
    const keys = `Map keys must satisfy constraint: [${constraintsOf(key)
      .map(({ text }) => text)
      .join(', ')}]`
    const values = `Map value must satisfy constraint: ${bracketed(value, shape.value)}`
    for (const { holds } of constraintsOf(key)) {
      const wrong = wrongScalars(key).find((candidate) => !holds(candidate))
      if (wrong === undefined) continue
      expect(messageOf(place, { [wrong as string]: goodValue })).toMatch(ending(place.path, keys))
      broken += 1
    }
    for (const wrong of [
      null,
      ...constraintsOf(value).map(({ holds }) => wrongScalars(value).find((one) => !holds(one))),
    ]) {
      if (wrong === undefined) continue
      expect(messageOf(place, { [goodKey]: wrong })).toMatch(ending(place.path, values))
      broken += 1
    }
  }
  expect(broken).toBeGreaterThan(10)
})
