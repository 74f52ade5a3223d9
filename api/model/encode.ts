import { shapeOf, structureOf } from './operations.ts'
import type { Member, Operation, StructureShape } from './operations.ts'

/** An output encoded for HTTP. */
export interface EncodedAnswer {
  status: number
  readonly headers: Record<string, string>
  readonly body: Buffer | undefined
}

type Encoder = (value: unknown) => unknown

interface Plan {
  readonly status: number
  readonly located: readonly (readonly [string, Member])[]
  readonly payload: string | undefined
  readonly payloadEncoder: Encoder | undefined
  readonly members: readonly (readonly [string, Encoder])[]
  readonly hasBody: boolean
}

const plans = new Map<Operation, Plan>()
const encoders = new Map<string, Encoder>()

/**
 * Encodes an operation's output: members to headers, status and body, dates and bytes by their shapes. Undefined members are
 * omitted, null ones are written; the order is the model's.
 */
export function encode(operation: Operation, output: Readonly<Record<string, unknown>>): EncodedAnswer {
  let plan = plans.get(operation)
  if (plan === undefined) plans.set(operation, (plan = compile(operation)))
  const answer: EncodedAnswer = { status: plan.status, headers: {}, body: encodeBody(plan, output) }
  for (const [name, member] of plan.located) {
    const value = output[name]
    if (value === undefined || value === null) continue
    if (member.location === 'statusCode') answer.status = Number(value)
    else if (typeof value === 'string') answer.headers[member.locationName ?? name] = value
  }
  return answer
}

function compile(operation: Operation): Plan {
  const shape = structureOf(operation.output)
  const entries = Object.entries(shape.members)
  const { payload } = shape
  const payloadMember = payload === undefined ? undefined : shape.members[payload]
  return {
    // The model has 200 for DeleteFunction, AWS returns 204 (reference 1.2).
    status: operation.name === 'DeleteFunction' ? 204 : operation.status,
    located: entries.filter(([, member]) => member.location !== undefined),
    payload,
    payloadEncoder: payloadMember && encoderOf(payloadMember.shape),
    members: entries
      .filter(([name, member]) => member.location === undefined && name !== payload)
      .map(([name, member]) => [name, encoderOf(member.shape)]),
    hasBody: operation.output !== undefined && operation.name !== 'DeleteFunction' && operation.status !== 204,
  }
}

function encodeBody(plan: Plan, output: Readonly<Record<string, unknown>>): Buffer | undefined {
  if (plan.payload !== undefined) {
    const value = output[plan.payload]
    if (value === undefined || value === null) return undefined
    if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
    return Buffer.from(JSON.stringify(plan.payloadEncoder?.(value)))
  }
  return plan.hasBody ? Buffer.from(JSON.stringify(encodeMembers(plan.members, output))) : undefined
}

function encodeMembers(members: Plan['members'], source: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const target: Record<string, unknown> = {}
  for (const [name, write] of members) {
    const value = source[name]
    if (value !== undefined) target[name] = value === null ? null : write(value)
  }
  return target
}

function encoderOf(shapeName: string): Encoder {
  const known = encoders.get(shapeName)
  if (known !== undefined) return known
  const made = compileEncoder(shapeName)
  encoders.set(shapeName, made)
  return made
}

function compileEncoder(shapeName: string): Encoder {
  const shape = shapeOf(shapeName)
  switch (shape.type) {
    case 'structure':
      return structureEncoder(shape)
    case 'list': {
      const write = encoderOf(shape.member)
      return (value) => (value as unknown[]).map(write)
    }
    case 'map': {
      const write = encoderOf(shape.value)
      return (value) => mapValues(value as Record<string, unknown>, write)
    }
    case 'blob':
      return (value) => (value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value)
    case 'timestamp':
      return (value) => (value instanceof Date ? value.getTime() / 1000 : value)
    case 'string':
      return (value) => (value instanceof Date ? value.toISOString().replace('Z', '+0000') : value)
    default:
      return (value) => value
  }
}

function structureEncoder(shape: StructureShape): Encoder {
  const members = Object.entries(shape.members).map(([name, member]) => [name, encoderOf(member.shape)] as const)
  return (value) => encodeMembers(members, value as Record<string, unknown>)
}

function mapValues(source: Record<string, unknown>, write: Encoder): Record<string, unknown> {
  const target = Object.create(null) as Record<string, unknown>
  for (const [key, value] of Object.entries(source)) target[key] = write(value)
  return target
}
