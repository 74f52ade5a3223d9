import { shapeOf, type ScalarShape, type Shape } from '../../api/model/operations.ts'
import { hostileNumber, hostileText, type Random } from './random.ts'

/** Functions that requests aim at; some exist all the time, the others come and go. */
export const names = Array.from({ length: 8 }, (_, index) => `fuzz-${index}`)

const sources = [
  'arn:aws:sqs:us-east-1:000000000000:queue',
  'arn:aws:sqs:us-east-1:000000000000:queue.fifo',
  'arn:aws:kinesis:us-east-1:000000000000:stream/s',
  'arn:aws:dynamodb:us-east-1:000000000000:table/t/stream/2026-01-01T00:00:00.000',
  'arn:aws:kafka:us-east-1:000000000000:cluster/c/8dc8f0b9-4b1c-4f3c-8d0a-1a2b3c4d5e6f-1',
  'arn:aws:mq:us-east-1:000000000000:broker:b:b-8dc8f0b9-4b1c-4f3c-8d0a-1a2b3c4d5e6f',
  '__proto__',
]

/** A random value of a member by its shape, valid for the most part. */
export type RandomValue = (member: string, shapeName: string, depth?: number) => unknown

/** `zip` is a package that can be invoked, in Base64. */
export function createValues(random: Random, zip: string): RandomValue {
  return valueOf

  function valueOf(name: string, shapeName: string, depth = 0): unknown {
    if (random.chance(0.015)) return random.pick([null, [], {}, '', 1, true, hostileText(random), [[[]]], { a: {} }])
    return fixedValue(name) ?? shapeValue(shapeOf(shapeName), name, depth)
  }

  /** Members whose random values would lead nowhere, or away from this machine. */
  function fixedValue(name: string): unknown {
    switch (name) {
      case 'FunctionName':
        return random.chance(0.9)
          ? random.pick(names) + random.pick(['', '', '', ':1', ':live', ':$LATEST'])
          : undefined
      case 'Role':
        return 'arn:aws:iam::000000000000:role/fuzz'
      case 'ZipFile':
        return random.chance(0.7) ? zip : random.bytes(random.below(200)).toString('base64')
      case 'Runtime':
        return random.chance(0.8) ? 'nodejs24.x' : undefined
      case 'Handler':
        return random.chance(0.9) ? 'index.handler' : undefined
      case 'Endpoints':
        return { KAFKA_BOOTSTRAP_SERVERS: ['127.0.0.1:1'] }
      case 'ProvisionedConcurrentExecutions':
        return random.pick([0, -1, 1, 2 ** 40])
      case 'EventSourceArn':
        return random.pick(sources)
      default:
        return undefined
    }
  }

  function shapeValue(shape: Shape, name: string, depth: number): unknown {
    switch (shape.type) {
      case 'structure':
        return Object.fromEntries(
          Object.entries(shape.members)
            .filter(([member]) => depth < 5 && random.chance(shape.required.includes(member) ? 0.95 : 0.4))
            .map(([member, { shape: inner }]) => [member, valueOf(member, inner, depth + 1)]),
        )
      case 'list':
        return Array.from({ length: random.below(4) }, () => valueOf(name, shape.member, depth + 1))
      case 'map':
        return Object.fromEntries(
          Array.from({ length: random.below(4) }, () => [hostileText(random), valueOf('', shape.value, depth + 1)]),
        )
      case 'boolean':
        return random.chance(0.5)
      case 'string':
        return random.chance(0.05) ? hostileText(random) : random.pick(validTexts(shape))
      case 'blob':
        return random.chance(0.8) ? '{"hello":"world"}' : hostileText(random)
      default:
        return random.chance(0.95) ? (shape.min ?? 1) + random.below(3) : hostileNumber(random)
    }
  }
}

const samples = [
  'a',
  'live',
  '1',
  '*',
  'true',
  'fuzz-0',
  'us-east-1',
  '000000000000',
  'o-abcdefghij',
  'statement-1',
  'lambda:InvokeFunction',
  'sqs.amazonaws.com',
  'index.handler',
  'https://example.com',
  'text/plain; charset=utf-8',
  'subnet-0123456789abcdef0',
  'sg-0123456789abcdef0',
  '2026-01-01T00:00:00Z',
  '8dc8f0b9-4b1c-4f3c-8d0a-1a2b3c4d5e6f',
  '000000000000.dkr.ecr.us-east-1.amazonaws.com/image:latest',
  'arn:aws:iam::000000000000:role/fuzz',
  'arn:aws:sqs:us-east-1:000000000000:queue',
  'arn:aws:sns:us-east-1:000000000000:topic',
  'arn:aws:s3:::bucket',
  'arn:aws:kms:us-east-1:000000000000:key/8dc8f0b9-4b1c-4f3c-8d0a-1a2b3c4d5e6f',
  'arn:aws:signer:us-east-1:000000000000:/signing-profiles/profile/abcdefghij',
  'arn:aws:lambda:us-east-1:000000000000:function:fuzz-0',
  'arn:aws:lambda:us-east-1:000000000000:function:fuzz-0:1',
  'arn:aws:lambda:us-east-1:000000000000:layer:a',
  'arn:aws:lambda:us-east-1:000000000000:layer:a:1',
  'arn:aws:lambda:us-east-1:000000000000:capacity-provider:a',
  'arn:aws:lambda:us-east-1:000000000000:code-signing-config:csc-0123456789abcdef0',
  'arn:aws:lambda:us-east-1:000000000000:event-source-mapping:8dc8f0b9-4b1c-4f3c-8d0a-1a2b3c4d5e6f',
  'arn:aws:elasticfilesystem:us-east-1:000000000000:access-point/fsap-0123456789abcdef0',
  '{"Version":"2012-10-17","Statement":[]}',
  '{"body":[{"n":["numeric",">",1]}]}',
]

const valid = new Map<ScalarShape, readonly string[]>()

/** Samples that a text's constraints allow; any sample where none does. */
function validTexts(shape: ScalarShape): readonly string[] {
  const known = valid.get(shape)
  if (known !== undefined) return known
  const pattern = new RegExp(`^(?:${shape.pattern ?? '[^]*'})$`)
  const fits = (text: string) => text.length >= (shape.min ?? 0) && text.length <= (shape.max ?? Infinity)
  const found = shape.enum ?? samples.filter((text) => fits(text) && pattern.test(text))
  valid.set(shape, found.length === 0 ? samples : found)
  return found.length === 0 ? samples : found
}
