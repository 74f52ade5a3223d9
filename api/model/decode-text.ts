import { serialization } from '../errors.ts'
import { dateOf, isInteger, refuse } from './decode-json.ts'
import { shapeOf } from './operations.ts'
import type { Member, ScalarShape } from './operations.ts'

type TextDecoder = (text: string) => unknown

/** The decoder of a shape that is sent as text in a path, a query or a header. */
export function textDecoder(shapeName: string): TextDecoder {
  const { type } = shapeOf(shapeName)
  if (type === 'structure' || type === 'map' || type === 'list') {
    throw new Error(`${shapeName} in lambda.json is a ${type} outside of a body; no operation has had one.`)
  }
  return decoders[type]
}

const decoders: Record<ScalarShape['type'], TextDecoder> = {
  string: (text) => text,
  blob: (text) => Buffer.from(text, 'base64'),
  boolean: (text) => (text === 'true' ? true : text === 'false' ? false : refuse(text, 'a Boolean')),
  integer: (text) => (isNumber(text) && isInteger(Number(text)) ? Number(text) : refuse(text, 'an Integer')),
  long: (text) => (isNumber(text) && Number.isSafeInteger(Number(text)) ? Number(text) : refuse(text, 'a Long')),
  double: (text) => (isNumber(text) && Number.isFinite(Number(text)) ? Number(text) : refuse(text, 'a Double')),
  timestamp: (text) => timestampOf(text),
}

const number = /^[+-]?\d+(\.\d+)?([eE][+-]?\d+)?$/
const isoDate = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$/

function isNumber(text: string): boolean {
  return number.test(text)
}

function timestampOf(text: string): Date {
  if (isNumber(text)) return dateOf(Number(text) * 1000)
  return isoDate.test(text) && !Number.isNaN(Date.parse(text)) ? new Date(text) : refuse(text, 'a Date')
}

interface QueryMember {
  readonly name: string
  readonly isList: boolean
  readonly read: TextDecoder
}

/** Decodes the members in a query: a scalar takes the first of repeated keys, a list takes all. */
export function queryDecoder(members: readonly (readonly [string, Member])[]) {
  const byKey = new Map(members.map(([name, member]) => [member.locationName ?? name, queryMember(name, member)]))
  return (query: string, input: Record<string, unknown>): void => {
    for (const pair of query.split('&')) {
      const equals = pair.indexOf('=')
      const member = byKey.get(unescape(equals < 0 ? pair : pair.slice(0, equals)))
      if (member !== undefined) add(input, member, unescape(equals < 0 ? '' : pair.slice(equals + 1)))
    }
  }
}

function queryMember(name: string, member: Member): QueryMember {
  const shape = shapeOf(member.shape)
  const isList = shape.type === 'list'
  return { name, isList, read: textDecoder(isList ? shape.member : member.shape) }
}

function add(input: Record<string, unknown>, { name, isList, read }: QueryMember, text: string): void {
  const present = input[name]
  if (!isList) input[name] = present ?? read(text)
  else if (Array.isArray(present)) present.push(read(text))
  else input[name] = [read(text)]
}

function unescape(text: string): string {
  if (!text.includes('%') && !text.includes('+')) return text
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    throw serialization('The query of the request URI has an escape that is not UTF-8')
  }
}
