import { isUtf8 } from 'node:buffer'
import type { IncomingHttpHeaders } from 'node:http'
import { serialization } from '../errors.ts'
import { jsonDecoder } from './decode-json.ts'
import { queryDecoder, textDecoder } from './decode-text.ts'
import { shapeOf, structureOf } from './operations.ts'
import type { Member, Operation, StructureShape } from './operations.ts'

/** The parts of a request that make up an input. */
export interface RawRequest {
  /** The labels of the path, decoded once. */
  readonly labels: Readonly<Record<string, string>>
  /** The query as received, without the question mark. */
  readonly query: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** Members of an input in AWS's spelling. */
export type Decoded = Record<string, unknown>

/** The body is not JSON. The error handler determines the position of the fault. */
export class BrokenJson extends Error {
  readonly body: Buffer

  constructor(body: Buffer) {
    super('The body is not JSON.')
    this.body = body
  }
}

type Step = (request: RawRequest, input: Decoded) => void

const steps = new Map<Operation, Step>()

/**
 * Decodes an operation's input from a request: text to numbers, lists, dates and bytes. Absent and null members are omitted,
 * unknown ones are ignored. Throws `SerializationException` for wrong types and `BrokenJson` for a body that is not JSON.
 */
export function decode(operation: Operation, request: RawRequest): Decoded {
  let step = steps.get(operation)
  if (step === undefined) steps.set(operation, (step = compile(structureOf(operation.input))))
  const input: Decoded = {}
  step(request, input)
  return input
}

function compile(shape: StructureShape): Step {
  const entries = Object.entries(shape.members)
  const located = entries.flatMap(([name, member]) => locatedStep(name, member))
  const queried = entries.filter(([, member]) => member.location === 'querystring')
  const inBody = entries.filter(([name, member]) => member.location === undefined && name !== shape.payload)
  const all = [...located, ...queryStep(queried), ...payloadStep(shape), ...bodyStep(inBody)]
  return (request, input) => {
    for (const step of all) step(request, input)
  }
}

function locatedStep(name: string, member: Member): Step[] {
  const { location, locationName = name } = member
  if (location !== 'uri' && location !== 'header') return []
  const read = textDecoder(member.shape)
  const headerName = locationName.toLowerCase()
  return [
    (request, input) => {
      const text = location === 'uri' ? request.labels[locationName] : request.headers[headerName]
      if (typeof text === 'string') input[name] = read(text)
    },
  ]
}

function queryStep(members: [string, Member][]): Step[] {
  if (members.length === 0) return []
  const read = queryDecoder(members)
  return [
    (request, input) => {
      if (request.query !== '') read(request.query, input)
    },
  ]
}

function payloadStep({ payload, members }: StructureShape): Step[] {
  const member = payload === undefined ? undefined : members[payload]
  if (payload === undefined || member === undefined) return []
  if (shapeOf(member.shape).type === 'blob') {
    return [
      (request, input) => {
        input[payload] = request.body
      },
    ]
  }
  const read = jsonDecoder(member.shape)
  return [
    (request, input) => {
      const value = parseBody(request.body)
      if (value !== undefined) input[payload] = read(value)
    },
  ]
}

function bodyStep(members: [string, Member][]): Step[] {
  if (members.length === 0) return []
  const readers = members.map(([name, member]) => [name, jsonDecoder(member.shape)] as const)
  return [
    (request, input) => {
      const body = parseBody(request.body)
      if (body === undefined) return
      for (const [name, read] of readers) {
        const value = body[name]
        if (value !== undefined && value !== null) input[name] = read(value)
      }
    },
  ]
}

/** The JSON object of a body; undefined for an empty one. */
function parseBody(body: Buffer): Record<string, unknown> | undefined {
  if (body.length === 0) return undefined
  if (!isUtf8(body)) throw new BrokenJson(body)
  const value = parseJson(body)
  if (Array.isArray(value)) throw serialization('Start of list found where not expected')
  if (typeof value !== 'object') throw serialization('Unexpected value type in payload')
  return value === null ? undefined : (value as Record<string, unknown>)
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    throw new BrokenJson(body)
  }
}
