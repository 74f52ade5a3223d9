import { describe, expect, test } from '@jest/globals'
import { constraintsOf } from './constraints.ts'
import { operation, operations, structureOf } from '../operations.ts'
import type { OperationName, Shape } from '../operations.ts'
import { checkedMember } from './recorded-constraints.ts'
import { sampleInput, sampleOf } from '../testing/samples.ts'
import { validate } from './validate.ts'

const role = 'arn:aws:iam::123456789012:role/r'
const accessPoint = 'arn:aws:elasticfilesystem:us-east-1:123456789012:access-point/fsap-0123456789abcdef0'
const created = { FunctionName: 'f', Role: role, Code: {} }
const weights = (AdditionalVersionWeights: object) => ({
  FunctionName: 'f',
  Name: 'a',
  FunctionVersion: '1',
  RoutingConfig: { AdditionalVersionWeights },
})

function refusal(name: OperationName, input: Record<string, unknown>): unknown {
  try {
    validate(operation(name), input)
  } catch (error) {
    return error
  }
  return undefined
}

const one = (text: string) => `1 validation error detected: ${text}`
const must = (what: string, constraint: string) => `Value ${what} failed to satisfy constraint: ${constraint}`

const weightKeys =
  'Map keys must satisfy constraint: [Member must have length less than or equal to 1024, ' +
  'Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: [0-9]+]'
const weightValues =
  'Map value must satisfy constraint: [Member must have value less than or equal to 1.0, ' +
  'Member must have value greater than or equal to 0.0, Member must not be null]'
const namespaced =
  '(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:)?(\\d{12}:)?(function:)?' +
  '([a-zA-Z0-9-_\\.]+)(:(\\$LATEST(\\.PUBLISHED)?|[a-zA-Z0-9-_]+))?'
const architectures =
  'Member must satisfy constraint: [Member must satisfy enum value set: [x86_64, arm64], Member must not be null]'
const runtimes =
  '[nodejs20.x, python3.14, provided.al2023, python3.12, python3.13, nodejs24.x, nodejs22.x, java25, python3.10, python3.11, ' +
  'java21, ruby3.3, ruby3.4, ruby3.2, python3.8, python3.9, java17, nodejs16.x, dotnet10, dotnet8, java11, dotnet6, ' +
  'nodejs18.x, provided.al2, java8.al2]'

describe('messages as recorded from AWS', () => {
  test.each<[OperationName, Record<string, unknown>, string]>([
    [
      'UntagResource',
      { Resource: 'arn:aws:lambda:us-east-1:123456789012:function:f' },
      must("null at 'tagKeys'", 'Member must not be null'),
    ],
    [
      'GetFunction',
      { FunctionName: 'invalid:function:name' },
      must(
        "'invalid:function:name' at 'functionName'",
        `Member must satisfy regular expression pattern: ${namespaced}`,
      ),
    ],
    [
      'UpdateFunctionCode',
      { FunctionName: 'a@b' },
      must("'a@b' at 'functionName'", `Member must satisfy regular expression pattern: ${namespaced}`),
    ],
    [
      'GetFunction',
      { FunctionName: 'f', Qualifier: 'a b' },
      must(
        "'a b' at 'qualifier'",
        'Member must satisfy regular expression pattern: \\$(LATEST(\\.PUBLISHED)?)|[a-zA-Z0-9-_$]+',
      ),
    ],
    ['CreateFunction', { ...created, Architectures: ['x86'] }, must("'[x86]' at 'architectures'", architectures)],
    [
      'CreateAlias',
      weights({ $LATEST: 0.5 }),
      must("'{$LATEST=0.5}' at 'routingConfig.additionalVersionWeights'", weightKeys),
    ],
    ['CreateAlias', weights({ 1: 2 }), must("'{1=2.0}' at 'routingConfig.additionalVersionWeights'", weightValues)],
    ['CreateAlias', weights({ 1: -1 }), must("'{1=-1.0}' at 'routingConfig.additionalVersionWeights'", weightValues)],
    [
      'PutProvisionedConcurrencyConfig',
      { FunctionName: 'f', Qualifier: '1', ProvisionedConcurrentExecutions: 0 },
      must("'0' at 'provisionedConcurrentExecutions'", 'Member must have value greater than or equal to 1'),
    ],
    [
      'CreateFunction',
      { ...created, SnapStart: { ApplyOn: 'Always' } },
      must("'Always' at 'snapStart.applyOn'", 'Member must satisfy enum value set: [PublishedVersions, None]'),
    ],
    [
      'PutFunctionRecursionConfig',
      { FunctionName: 'f', RecursiveLoop: 'x' },
      must("'x' at 'recursiveLoop'", 'Member must satisfy enum value set: [Terminate, Allow]'),
    ],
    [
      'CreateFunction',
      { ...created, Environment: { Variables: { '1': 'secret' } } },
      must(
        "at 'environment.variables'",
        'Map keys must satisfy constraint: [Member must satisfy regular expression pattern: [a-zA-Z]([a-zA-Z0-9_])+]',
      ),
    ],
    [
      'CreateFunction',
      { ...created, FileSystemConfigs: [{ Arn: accessPoint, LocalMountPath: 'x' }] },
      must(
        "'x' at 'fileSystemConfigs.1.member.localMountPath'",
        'Member must satisfy regular expression pattern: /mnt/[a-zA-Z0-9-_.]+',
      ),
    ],
  ])('%s %j', (name, input, text) => {
    expect(refusal(name, input)).toMatchObject({ name: 'ValidationException', status: 400, message: one(text) })
  })

  test('layers may name retired and new runtimes', () => {
    const retired = ['nodejs12.x', 'nodejs14.x', 'python3.7', 'go1.x', 'dotnetcore3.1', 'java8', 'ruby2.7', 'provided']
    for (const runtime of [...retired, 'nodejs26.x', 'java8.al2023'])
      expect(
        refusal('PublishLayerVersion', { LayerName: 'l', Content: {}, CompatibleRuntimes: [runtime] }),
      ).toBeUndefined()
  })

  test('several violations are in one message, in the order of the members', () => {
    const input = { LayerName: 'l', Content: {}, CompatibleArchitectures: ['b'], CompatibleRuntimes: ['a'] }
    const runtimeText = `Member must satisfy constraint: [Member must satisfy enum value set: ${runtimes}, Member must not be null]`
    expect(refusal('PublishLayerVersion', input)).toMatchObject({
      message: `2 validation errors detected: ${must("'[a]' at 'compatibleRuntimes'", runtimeText)}; ${must("'[b]' at 'compatibleArchitectures'", architectures)}`,
    })
  })

  test('the maximum of a value comes before its pattern', () => {
    const name = '@'.repeat(141)
    expect(refusal('GetAlias', { FunctionName: name, Name: 'a' })).toMatchObject({
      message: expect.stringMatching(
        /^2 validation errors detected: .*less than or equal to 140; Value .*expression pattern: /,
      ),
    })
  })
})

describe('exceptions from the form', () => {
  test.each([
    ['x'.repeat(65), 'x'.repeat(65)],
    [`arn:aws:lambda:us-east-1:123456789012:function:${'y'.repeat(65)}`, 'y'.repeat(65)],
  ])('a name longer than 64 is an InvalidParameterValueException: %s', (FunctionName, name) => {
    const text = must(`'${name}' at 'functionName'`, 'Member must have length less than or equal to 64')
    expect(refusal('CreateFunction', { ...created, FunctionName })).toMatchObject({
      name: 'InvalidParameterValueException',
      message: one(text),
    })
  })

  test.each<OperationName>(['CreateFunction', 'UpdateFunctionConfiguration'])('%s with an unknown runtime', (name) => {
    expect(refusal(name, { ...created, Runtime: 'cobol' })).toMatchObject({
      name: 'InvalidParameterValueException',
      members: { Type: 'User' },
      message: `Value cobol at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: ${runtimes} or be a valid ARN`,
    })
  })

  const retired = ['java8', 'go1.x', 'provided', 'ruby2.7', 'nodejs12.x', 'nodejs14.x', 'python3.7', 'dotnetcore3.1']
  test.each(retired)('the runtime %s is no longer supported', (Runtime) => {
    expect(refusal('CreateFunction', { ...created, Runtime })).toMatchObject({
      name: 'InvalidParameterValueException',
      message:
        `The runtime parameter of ${Runtime} is no longer supported for creating or updating AWS Lambda functions. ` +
        'We recommend you use a supported runtime while creating or updating functions.',
    })
  })

  test('a runtime that is wrong does not hide the constraints that do not hold', () => {
    expect(refusal('CreateFunction', { ...created, Timeout: 0, Runtime: 'cobol' })).toMatchObject({
      name: 'ValidationException',
    })
  })
})

test.each(operations)('$name accepts an input that satisfies every constraint', (each) => {
  expect(refusal(each.name, sampleInput(each))).toBeUndefined()
})

interface Place {
  readonly path: readonly string[]
  readonly shape: Shape
}

/** Every member of an input that is reached through structures alone, with the shape it is checked by. */
function placesOf(structure: string, path: readonly string[] = []): Place[] {
  return Object.entries(structureOf(structure).members).flatMap(([name, member]) => {
    const shape = checkedMember(structure, name, member.shape)
    const here = [...path, name]
    return [{ path: here, shape }, ...(shape.type === 'structure' ? placesOf(member.shape, here) : [])]
  })
}

const places = operations.flatMap(({ name, input }) =>
  input === undefined ? [] : placesOf(input).map((place) => ({ name, ...place })),
)

test('each constraint of each operation, broken alone, is named at its place', () => {
  let broken = 0
  for (const { name, path, shape } of places) {
    for (const { text, holds } of constraintsOf(shape)) {
      const value = wrongValues(shape).find((candidate) => !holds(candidate))
      if (value === undefined) continue
      const at = path.map((segment) => segment.charAt(0).toLowerCase() + segment.slice(1)).join('.')
      const error = refusal(name, replaced(sampleInput(operation(name)), path, value))
      expect({ name: (error as Error | undefined)?.name, message: (error as Error | undefined)?.message }).toEqual({
        name: 'ValidationException',
        message: expect.stringContaining(`at '${at}' failed to satisfy constraint: ${text}`),
      })
      broken += 1
    }
  }
  expect(broken).toBeGreaterThan(500)
})

test('each required member of each operation, left out, is null at its place', () => {
  for (const { name, input } of operations) {
    for (const member of structureOf(input).required) {
      const sample = sampleInput(operation(name))
      const segment = member.charAt(0).toLowerCase() + member.slice(1)
      expect(refusal(name, replaced(sample, [member], undefined))).toMatchObject({
        message: one(must(`null at '${segment}'`, 'Member must not be null')),
      })
    }
  }
})

/** Values of a shape's type, one of which breaks any constraint; texts that no length can break are too long to make. */
function wrongValues(shape: Shape): unknown[] {
  const { max = 0, min = 0 } = shape
  if (max > 1_000_000) return []
  switch (shape.type) {
    case 'string':
      return ['', '!\n ', '\n', 'x'.repeat(max + 1)]
    case 'list':
      return [
        [],
        Array.from({ length: max + 1 }, () => sampleOf(shape.member, checkedMember('', 'member', shape.member))),
      ]
    case 'blob':
      return [Buffer.alloc(max + 1)]
    case 'map':
      return [{}, Object.fromEntries(Array.from({ length: max + 1 }, (_, index) => [`k${String(index)}`, []]))]
    default:
      return [max + 1, min - 1]
  }
}

function replaced(
  input: Record<string, unknown>,
  [name = '', ...rest]: readonly string[],
  value: unknown,
): Record<string, unknown> {
  const inner = input[name] as Record<string, unknown>
  return { ...input, [name]: rest.length === 0 ? value : replaced(inner, rest, value) }
}
