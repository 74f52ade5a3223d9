import assert from 'node:assert/strict'
import {
  GetFunctionScalingConfigCommand,
  PutFunctionScalingConfigCommand,
  type CreateFunctionCommandInput,
} from '@aws-sdk/client-lambda'
import type { Area } from '../../case/case.ts'
import { invalid, refuses, type Refusal } from '../../case/expect.ts'
import { createManaged, latestPublished, newProvider, publishLatest, untilState } from '../../case/managed-function.ts'
import type { CaseContext } from '../../case/case-context.ts'

const unknown = { status: 404, name: 'ResourceNotFoundException' }

/** Scaling configs: how many environments a published version has on its capacity provider. */
export const scaling: Area = {
  name: 'scaling',
  cases: [
    {
      name: 'a put returns 202 with the state of the version, and is shown for its version alone',
      run: async (lambda) => {
        const name = await published(lambda)
        const other = await lambda.publish(name)
        const config = { MinExecutionEnvironments: 1, MaxExecutionEnvironments: 9 }
        const { $metadata, FunctionState } = await put(lambda, name, latestPublished, config)
        assert.deepEqual([$metadata.httpStatusCode, FunctionState], [202, 'Active'])
        const shown = await get(lambda, name, latestPublished)
        assert.deepEqual([shown.$metadata.httpStatusCode, shown.FunctionArn], [200, lambda.arn(name, latestPublished)])
        assert.deepEqual(shown.RequestedFunctionScalingConfig, config)
        const unset = await get(lambda, name, other)
        assert.equal(unset.FunctionArn, lambda.arn(name, other))
        assert.equal(unset.AppliedFunctionScalingConfig?.MinExecutionEnvironments, 3)
        assert.notDeepEqual(unset.RequestedFunctionScalingConfig, config)
      },
    },
    {
      name: 'a further put replaces the first, also by the ARN of the function',
      run: async (lambda) => {
        const name = await published(lambda)
        await put(lambda, name, latestPublished, { MinExecutionEnvironments: 1, MaxExecutionEnvironments: 9 })
        const config = { MinExecutionEnvironments: 2, MaxExecutionEnvironments: 15000 }
        await put(lambda, lambda.arn(name), latestPublished, config)
        const { RequestedFunctionScalingConfig } = await get(lambda, lambda.arn(name), latestPublished)
        assert.deepEqual(RequestedFunctionScalingConfig, config)
      },
    },
    {
      name: 'a maximum of no environments disables a version',
      run: async (lambda) => {
        const name = await published(lambda)
        await put(lambda, name, latestPublished, { MinExecutionEnvironments: 0, MaxExecutionEnvironments: 0 })
        await untilState(lambda, name, latestPublished, 'Deactivated')
        await refuses(lambda.invoke(name), { status: 409, name: 'ResourceConflictException' })
      },
    },
    {
      name: 'invocations beyond MaxExecutionEnvironments are throttled, or queue for one that runs several concurrently',
      run: async (lambda) => {
        const name = await published(lambda, { Timeout: 20 })
        const bounds = { MinExecutionEnvironments: 1, MaxExecutionEnvironments: 1 }
        await put(lambda, name, latestPublished, bounds)
        const calls = Array.from({ length: 3 }, () => lambda.invoke(name, { do: 'sleep', ms: 1_500 }))
        for (const each of await Promise.allSettled(calls)) {
          if (each.status === 'rejected') assert.equal((each.reason as Error).name, 'TooManyRequestsException')
        }
      },
    },
    {
      name: 'a function without a capacity provider has none',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        await lambda.publish(name)
        const message = 'The function provided by the arn does not contain a capacity provider configuration'
        const refusal = { status: 403, name: 'AccessDeniedException', message }
        await refuses(put(lambda, name, '1', { MinExecutionEnvironments: 1, MaxExecutionEnvironments: 2 }), refusal)
      },
    },
    {
      name: 'a minimum above the maximum is refused, and 0 with another maximum',
      run: async (lambda) => {
        const name = await published(lambda)
        for (const [minimum, maximum] of [
          [2, 1],
          [0, 1],
        ] as const) {
          const bounds = { MinExecutionEnvironments: minimum, MaxExecutionEnvironments: maximum }
          await refuses(put(lambda, name, latestPublished, bounds), {
            ...{ status: 400, name: 'InvalidParameterValueException' },
          })
        }
      },
    },
    {
      name: 'an unknown function, and an unknown version of a function, are not found',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        for (const FunctionName of [lambda.newName(), name]) {
          await refuses(get(lambda, FunctionName, '7'), unknown)
          await refuses(put(lambda, FunctionName, '7', { MinExecutionEnvironments: 1 }), unknown)
        }
      },
    },
    {
      name: 'too few and too many environments are refused',
      run: async (lambda) => {
        const name = lambda.newName()
        for (const member of ['Min', 'Max']) {
          for (const [count, bound] of [
            [-1, 'value greater than or equal to 0'],
            [15001, 'value less than or equal to 15000'],
          ] as const) {
            const where = `functionScalingConfig.${member.toLowerCase()}ExecutionEnvironments`
            const what = `Value '${String(count)}' at '${where}' failed to satisfy constraint: Member must have ${bound}`
            await refuses(put(lambda, name, '1', { [`${member}ExecutionEnvironments`]: count }), invalid(what))
          }
        }
      },
    },
    {
      name: 'a qualifier is required, and can be neither an alias nor $LATEST',
      run: async (lambda) => {
        const name = lambda.newName()
        const path = `/2025-11-30/functions/${name}/function-scaling-config`
        const message =
          "1 validation error detected: Value null at 'qualifier' failed to satisfy constraint: Member must not be null"
        for (const method of ['GET', 'PUT']) {
          const body = method === 'PUT' ? '{"FunctionScalingConfig":{}}' : ''
          const { status, json } = await lambda.raw({ method, path, body })
          assert.deepEqual([status, json], [400, { message }])
        }
        for (const qualifier of ['live', '$LATEST']) {
          await refuses(get(lambda, name, qualifier), outOfPattern(qualifier))
          await refuses(put(lambda, name, qualifier, {}), outOfPattern(qualifier))
        }
      },
    },
  ],
}

interface Config {
  readonly MinExecutionEnvironments?: number
  readonly MaxExecutionEnvironments?: number
}

/** A function on a capacity provider with a `$LATEST.PUBLISHED`. */
async function published(lambda: CaseContext, changes: Partial<CreateFunctionCommandInput> = {}): Promise<string> {
  const name = await createManaged(lambda, await newProvider(lambda), { fixture: 'misbehave-node', ...changes })
  await publishLatest(lambda, name)
  return name
}

function get(lambda: CaseContext, FunctionName: string, Qualifier: string) {
  return lambda.client.send(new GetFunctionScalingConfigCommand({ FunctionName, Qualifier }))
}

function put(lambda: CaseContext, FunctionName: string, Qualifier: string, FunctionScalingConfig: Config) {
  return lambda.client.send(new PutFunctionScalingConfigCommand({ FunctionName, Qualifier, FunctionScalingConfig }))
}

function outOfPattern(qualifier: string): Refusal {
  const start = `Value '${qualifier}' at 'qualifier' failed to satisfy constraint: Member must satisfy regular expression`
  return {
    ...{ status: 400, name: 'ValidationException' },
    message: new RegExp(`^1 validation error detected: ${start.replace('$', String.raw`\$`)}`),
  }
}
