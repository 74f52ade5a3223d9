import { serialization } from '../errors.ts'
import { shapeOf } from './operations.ts'
import type { ListShape, MapShape, ScalarShape, StructureShape } from './operations.ts'

/** Converts a JSON value to the type of its shape, or throws `SerializationException`. */
export type JsonDecoder = (value: unknown) => unknown

const decoders = new Map<string, JsonDecoder>()

/** The decoder of a shape, created once. */
export function jsonDecoder(shapeName: string): JsonDecoder {
  const known = decoders.get(shapeName)
  if (known !== undefined) return known
  const made = compile(shapeName)
  decoders.set(shapeName, made)
  return made
}

function compile(shapeName: string): JsonDecoder {
  const shape = shapeOf(shapeName)
  switch (shape.type) {
    case 'structure':
      return structureDecoder(shape)
    case 'list':
      return listDecoder(shape)
    case 'map':
      return mapDecoder(shape)
    default:
      return scalarDecoders[shape.type]
  }
}

function structureDecoder(shape: StructureShape): JsonDecoder {
  const members = Object.entries(shape.members).map(([name, { shape: each }]) => [name, jsonDecoder(each)] as const)
  return (value) => {
    const source = asObject(value)
    const structure: Record<string, unknown> = {}
    for (const [name, read] of members) {
      const member = source[name]
      if (member !== undefined && member !== null) structure[name] = read(member)
    }
    return structure
  }
}

function listDecoder(shape: ListShape): JsonDecoder {
  const read = jsonDecoder(shape.member)
  return (value) => {
    if (!Array.isArray(value)) throw isObject(value) ? unexpectedObject() : serialization('Expected list or null')
    return value.map((each: unknown) => (each === null ? null : read(each)))
  }
}

/** Maps have no prototype, so that a key such as `__proto__` is an ordinary key. */
function mapDecoder(shape: MapShape): JsonDecoder {
  const read = jsonDecoder(shape.value)
  return (value) => {
    const map = Object.create(null) as Record<string, unknown>
    for (const [key, each] of Object.entries(asObject(value))) map[key] = each === null ? null : read(each)
    return map
  }
}

const scalarDecoders: Record<ScalarShape['type'], JsonDecoder> = {
  string: (value) => (typeof value === 'string' ? value : refuse(value, 'a String')),
  boolean: (value) => (typeof value === 'boolean' ? value : refuse(value, 'a Boolean')),
  integer: (value) => (isInteger(value) ? value : refuse(value, 'an Integer')),
  long: (value) => (Number.isSafeInteger(value) ? value : refuse(value, 'a Long')),
  double: (value) => (Number.isFinite(value) ? value : refuse(value, 'a Double')),
  timestamp: (value) => (typeof value === 'number' ? dateOf(value * 1000) : refuse(value, 'a Date')),
  blob: (value) => (typeof value === 'string' ? bytesOf(value) : refuse(value, 'a Blob')),
}

/** Whether a value fits the 32 bits of an Integer. */
export function isInteger(value: unknown): boolean {
  return (
    typeof value === 'number' && Number.isInteger(value) && value === Math.max(-(2 ** 31), Math.min(value, 2 ** 31 - 1))
  )
}

/** The date of epoch milliseconds; throws if it is out of range. */
export function dateOf(epochMs: number): Date {
  const date = new Date(epochMs)
  return Number.isNaN(date.getTime()) ? refuse(epochMs, 'a Date') : date
}

/** Node.js skips characters that are not base64, so invalid text decodes to fewer bytes than its length implies. */
function bytesOf(text: string): Buffer {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  const bytes = Buffer.from(text, 'base64')
  const isWhole = text.length % 4 === 0 && bytes.length === (text.length / 4) * 3 - padding
  if (!isWhole || text.includes('-') || text.includes('_'))
    throw serialization('Failed to decode VALUE_STRING as base64')
  return bytes
}

function asObject(value: unknown): Record<string, unknown> {
  if (isObject(value)) return value as Record<string, unknown>
  throw Array.isArray(value) ? unexpectedList() : serialization('Expected map or null')
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Refuses a value whose JSON type is not the member's. */
export function refuse(value: unknown, wanted: string): never {
  if (Array.isArray(value)) throw unexpectedList()
  if (isObject(value)) throw unexpectedObject()
  const type = typeof value === 'boolean' ? String(value).toUpperCase() : (typeof value).toUpperCase()
  throw serialization(`${type}_VALUE can not be converted to ${wanted}`)
}

const unexpectedList = () => serialization('Start of list found where not expected')
const unexpectedObject = () => serialization('Start of structure or map found where not expected.')
