import { constraintsOf } from '../validation/constraints.ts'
import { shapeOf, structureOf } from '../operations.ts'
import type { Operation, Shape } from '../operations.ts'
import { checkedMember, checkedShape } from '../validation/recorded-constraints.ts'

const arn = 'arn:aws:lambda:us-east-1:123456789012'

/** Texts, one of which matches each pattern of the model. */
const texts = [
  'abc',
  '1',
  'YWJj',
  '$LATEST',
  'lambda:InvokeFunction',
  'lambda:GetLayerVersion',
  '123456789012',
  'o-abcdefghij',
  'sg-1',
  'subnet-1',
  '/mnt/data',
  'localhost:9092',
  'ALL',
  'arn:aws:sqs:us-east-1:123456789012:queue',
  'arn:aws:iam::123456789012:role/service',
  'arn:aws:elasticfilesystem:us-east-1:123456789012:access-point/fsap-0123456789abcdef0',
  `${arn}:function:abc`,
  `${arn}:layer:abc`,
  `${arn}:layer:abc:1`,
  `${arn}:code-signing-config:csc-0123456789abcdefg`,
  `${arn}:event-source-mapping:01234567-89ab-cdef-0123-456789abcdef`,
  `${arn}:capacity-provider:abc`,
  'arn:aws:lambda:us-east-1::runtime:abc',
  '01234567-89ab-cdef-0123-456789abcdef',
  `${arn}:function:abc:1/durable-execution/name/id`,
]

/** An input with every member that satisfies all constraints. */
export function sampleInput(operation: Operation): Record<string, unknown> {
  return operation.input === undefined ? {} : sampleStructure(operation.input)
}

function sampleStructure(name: string): Record<string, unknown> {
  const members = Object.entries(structureOf(name).members)
  const samples = members.map(([member, { shape }]) => [member, sampleOf(shape, checkedMember(name, member, shape))])
  return Object.fromEntries(samples) as Record<string, unknown>
}

/** A value of a shape that satisfies its constraints. */
export function sampleOf(name: string, shape: Shape): unknown {
  switch (shape.type) {
    case 'structure':
      return sampleStructure(name)
    case 'list': {
      const member = sampleOf(shape.member, checkedMember(name, 'member', shape.member))
      return Array.from({ length: Math.max(1, shape.min ?? 0) }, () => member)
    }
    case 'map': {
      const key = String(sampleText(shape.key, shapeOf(shape.key)))
      return { [key]: sampleOf(shape.value, checkedShape(shape.value)) }
    }
    default:
      return sampleScalar(name, shape)
  }
}

function sampleScalar(name: string, shape: Shape): unknown {
  switch (shape.type) {
    case 'string':
      return name === 'Runtime' ? 'nodejs22.x' : sampleText(name, shape)
    case 'boolean':
      return true
    case 'blob':
      return Buffer.from('abc')
    case 'timestamp':
      return new Date(0)
    default:
      return shape.min ?? 1
  }
}

function sampleText(name: string, shape: Shape): unknown {
  if ('enum' in shape) return shape.enum[0]
  const constraints = constraintsOf(shape)
  const sample = texts.find((text) => constraints.every(({ holds }) => holds(text)))
  if (sample === undefined) throw new Error(`No sample text fits ${name}; add one to samples.ts.`)
  return sample
}
