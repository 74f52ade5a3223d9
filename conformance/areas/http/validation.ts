import assert from 'node:assert/strict'
import {
  CreateAliasCommand,
  CreateFunctionCommand,
  GetFunctionConfigurationCommand,
  ListFunctionsCommand,
  type Runtime,
  type Architecture,
} from '@aws-sdk/client-lambda'
import type { Area } from '../../case/case.ts'
import { badParameter, invalid, refuses, type Refusal } from '../../case/expect.ts'
import type { CaseContext } from '../../case/case-context.ts'

const rolePattern = 'arn:(aws[a-zA-Z-]*)?:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+'
const runtimes =
  'nodejs20.x, python3.14, provided.al2023, python3.12, python3.13, nodejs24.x, nodejs22.x, java25, python3.10, python3.11, java21, ' +
  'ruby3.3, ruby3.4, ruby3.2, python3.8, python3.9, java17, nodejs16.x, dotnet10, dotnet8, java11, dotnet6, nodejs18.x, provided.al2, java8.al2'

/** Constraints of members, with the exact messages. */
export const validation: Area = {
  name: 'validation',
  cases: [
    {
      name: 'too little memory',
      run: (lambda) =>
        refusesCreate(
          lambda,
          { MemorySize: 64 },
          invalid(violation('64', 'memorySize', 'value greater than or equal to 128')),
        ),
    },
    {
      name: 'too much memory',
      run: (lambda) =>
        refusesCreate(
          lambda,
          { MemorySize: 32769 },
          invalid(violation('32769', 'memorySize', 'value less than or equal to 32768')),
        ),
    },
    {
      name: 'a timeout of zero',
      run: (lambda) =>
        refusesCreate(lambda, { Timeout: 0 }, invalid(violation('0', 'timeout', 'value greater than or equal to 1'))),
    },
    {
      name: 'too little and too much ephemeral storage',
      run: async (lambda) => {
        const path = 'ephemeralStorage.size'
        await refusesCreate(
          lambda,
          { EphemeralStorage: { Size: 511 } },
          invalid(violation('511', path, 'value greater than or equal to 512')),
        )
        await refusesCreate(
          lambda,
          { EphemeralStorage: { Size: 10241 } },
          invalid(violation('10241', path, 'value less than or equal to 10240')),
        )
      },
    },
    {
      name: 'a description that is too long',
      run: (lambda) => {
        const text = 'x'.repeat(257)
        return refusesCreate(
          lambda,
          { Description: text },
          invalid(violation(text, 'description', 'length less than or equal to 256')),
        )
      },
    },
    {
      name: 'a role that is not an ARN of a role',
      run: (lambda) => refusesCreate(lambda, { Role: 'r1' }, invalid(pattern('r1', 'role', rolePattern))),
    },
    {
      name: 'an unknown architecture, and two architectures',
      run: async (lambda) => {
        const members =
          'Member must satisfy constraint: [Member must satisfy enum value set: [x86_64, arm64], Member must not be null]'
        await refusesCreate(
          lambda,
          { Architectures: ['m68k' as Architecture] },
          invalid(`Value '[m68k]' at 'architectures' failed to satisfy constraint: ${members}`),
        )
        await refusesCreate(
          lambda,
          { Architectures: ['x86_64', 'arm64'] },
          invalid(violation('[x86_64, arm64]', 'architectures', 'length less than or equal to 1')),
        )
      },
    },
    {
      name: 'an unknown SnapStart setting',
      run: (lambda) =>
        refusesCreate(
          lambda,
          { SnapStart: { ApplyOn: 'Sometimes' as 'None' } },
          invalid(
            `Value 'Sometimes' at 'snapStart.applyOn' failed to satisfy constraint: ${oneOf('PublishedVersions, None')}`,
          ),
        ),
    },
    {
      name: 'an unknown runtime is an invalid parameter that lists the runtimes',
      run: (lambda) =>
        refusesCreate(
          lambda,
          { Runtime: 'cobol1.0' as Runtime },
          badParameter(
            `Value cobol1.0 at 'runtime' failed to satisfy constraint: ${oneOf(runtimes)} or be a valid ARN`,
          ),
        ),
    },
    {
      name: 'a deprecated runtime is an invalid parameter with its own message',
      run: async (lambda) => {
        for (const runtime of ['nodejs14.x', 'python3.7', 'ruby2.7', 'provided', 'go1.x'] as const) {
          const text = `The runtime parameter of ${runtime} is no longer supported for creating or updating AWS Lambda functions. We recommend you use a supported runtime while creating or updating functions.`
          await refusesCreate(lambda, { Runtime: runtime }, badParameter(text))
        }
      },
    },
    {
      name: 'a name of more than 64 characters is an invalid parameter',
      run: (lambda) => {
        const name = 'n'.repeat(65)
        const text = `1 validation error detected: ${violation(name, 'functionName', 'length less than or equal to 64')}`
        return refusesCreate(lambda, { FunctionName: name }, badParameter(text))
      },
    },
    {
      name: 'an alias name of digits, or with a space',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        for (const alias of ['12', 'a b']) {
          const call = lambda.client.send(
            new CreateAliasCommand({ FunctionName: name, Name: alias, FunctionVersion: '$LATEST' }),
          )
          await refuses(call, invalid(pattern(alias, 'name', '(?!^[0-9]+$)([a-zA-Z0-9-_]+)')))
        }
      },
    },
    {
      name: 'routing weights by key and by value',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        const path = "at 'routingConfig.additionalVersionWeights' failed to satisfy constraint"
        await refuses(
          route(lambda, name, { $LATEST: 0.5 }),
          invalid(
            `Value '{$LATEST=0.5}' ${path}: Map keys must satisfy constraint: [Member must have length less than or equal to 1024, ` +
              'Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: [0-9]+]',
          ),
        )
      },
    },
    {
      name: 'routing weights above one are printed as Java prints them',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        const bounds =
          'Member must have value less than or equal to 1.0, Member must have value greater than or equal to 0.0'
        const path = "at 'routingConfig.additionalVersionWeights' failed to satisfy constraint"
        for (const [weight, printed] of [
          [2, '2.0'],
          [-1, '-1.0'],
        ] as const) {
          await refuses(
            route(lambda, name, { '1': weight }),
            invalid(
              `Value '{1=${printed}}' ${path}: Map value must satisfy constraint: [${bounds}, Member must not be null]`,
            ),
          )
        }
      },
    },
    {
      name: 'a qualifier that does not match its pattern',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        const call = lambda.client.send(new GetFunctionConfigurationCommand({ FunctionName: name, Qualifier: 'a!b' }))
        await refuses(call, invalid(pattern('a!b', 'qualifier', '\\$(LATEST(\\.PUBLISHED)?)|[a-zA-Z0-9-_$]+')))
      },
    },
    {
      name: 'an unknown FunctionVersion filter',
      run: async (lambda) => {
        const call = lambda.client.send(new ListFunctionsCommand({ FunctionVersion: 'SOME' as 'ALL' }))
        await refuses(call, invalid(`Value 'SOME' at 'functionVersion' failed to satisfy constraint: ${oneOf('ALL')}`))
      },
    },
    {
      name: 'UntagResource without keys says that they must not be null',
      run: async (lambda) => {
        const arn = encodeURIComponent(lambda.arn(await lambda.create('hello-node')))
        const { status, json } = await lambda.raw({ method: 'DELETE', path: `/2017-03-31/tags/${arn}` })
        assert.equal(status, 400)
        assert.deepEqual(json, {
          message:
            "1 validation error detected: Value null at 'tagKeys' failed to satisfy constraint: Member must not be null",
        })
      },
    },
    {
      name: 'several violations come in one message, plural',
      run: async (lambda) => {
        const input = await lambda.input('hello-node', { MemorySize: 1, Timeout: 0 })
        const error = await lambda.client.send(new CreateFunctionCommand(input)).then(
          () => assert.fail('the call succeeded'),
          (reason: unknown) => reason as Error,
        )
        const head = '2 validation errors detected: '
        assert.ok(error.message.startsWith(head), error.message)
        const expected = [
          violation('0', 'timeout', 'value greater than or equal to 1'),
          violation('1', 'memorySize', 'value greater than or equal to 128'),
        ]
        assert.deepEqual(error.message.slice(head.length).split('; ').sort(), expected.sort())
      },
    },
    {
      name: 'a refused creation creates no function',
      run: async (lambda) => {
        const input = await lambda.input('hello-node', { Timeout: 0 })
        await refuses(lambda.client.send(new CreateFunctionCommand(input)), {
          status: 400,
          name: 'ValidationException',
        })
        await refuses(lambda.configuration(input.FunctionName ?? ''), {
          status: 404,
          name: 'ResourceNotFoundException',
        })
      },
    },
  ],
}

function violation(value: string, path: string, bound: string): string {
  return `Value '${value}' at '${path}' failed to satisfy constraint: Member must have ${bound}`
}

function pattern(value: string, path: string, regex: string): string {
  return `Value '${value}' at '${path}' failed to satisfy constraint: Member must satisfy regular expression pattern: ${regex}`
}

function oneOf(set: string): string {
  return `Member must satisfy enum value set: [${set}]`
}

async function refusesCreate(
  lambda: CaseContext,
  changes: Partial<ConstructorParameters<typeof CreateFunctionCommand>[0]>,
  expected: Refusal,
): Promise<void> {
  await refuses(lambda.client.send(new CreateFunctionCommand(await lambda.input('hello-node', changes))), expected)
}

function route(lambda: CaseContext, name: string, weights: Record<string, number>): Promise<unknown> {
  return lambda.client.send(
    new CreateAliasCommand({
      FunctionName: name,
      Name: 'live',
      FunctionVersion: '1',
      RoutingConfig: { AdditionalVersionWeights: weights },
    }),
  )
}
