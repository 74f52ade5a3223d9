import assert from 'node:assert/strict'
import {
  GetFunctionScalingConfigCommand,
  PutFunctionScalingConfigCommand,
  type CreateFunctionCommandInput,
} from '@aws-sdk/client-lambda'
import type { Area } from '../../world/case.ts'
import { invalid, refuses, type Refusal } from '../../world/expect.ts'
import { createManaged, latestPublished, newProvider, publishLatest, untilState } from '../../world/managed-function.ts'
import type { World } from '../../world/world.ts'

const unknown = { status: 404, name: 'ResourceNotFoundException' }

/** Scaling configs: how many environments a published version has on its capacity provider. */
export const scaling: Area = {
  name: 'scaling',
  cases: [
    {
      name: 'a put returns 202 with the state of the version, and is shown for its version alone',
      run: async (world) => {
        const name = await published(world)
        const other = await world.publish(name)
        const config = { MinExecutionEnvironments: 1, MaxExecutionEnvironments: 9 }
        const { $metadata, FunctionState } = await put(world, name, latestPublished, config)
        assert.deepEqual([$metadata.httpStatusCode, FunctionState], [202, 'Active'])
        const shown = await get(world, name, latestPublished)
        assert.deepEqual([shown.$metadata.httpStatusCode, shown.FunctionArn], [200, world.arn(name, latestPublished)])
        assert.deepEqual(shown.RequestedFunctionScalingConfig, config)
        const unset = await get(world, name, other)
        assert.equal(unset.FunctionArn, world.arn(name, other))
        assert.equal(unset.AppliedFunctionScalingConfig?.MinExecutionEnvironments, 3)
        assert.notDeepEqual(unset.RequestedFunctionScalingConfig, config)
      },
    },
    {
      name: 'a further put replaces the first, also by the ARN of the function',
      run: async (world) => {
        const name = await published(world)
        await put(world, name, latestPublished, { MinExecutionEnvironments: 1, MaxExecutionEnvironments: 9 })
        const config = { MinExecutionEnvironments: 2, MaxExecutionEnvironments: 15000 }
        await put(world, world.arn(name), latestPublished, config)
        const { RequestedFunctionScalingConfig } = await get(world, world.arn(name), latestPublished)
        assert.deepEqual(RequestedFunctionScalingConfig, config)
      },
    },
    {
      name: 'a maximum of no environments disables a version',
      run: async (world) => {
        const name = await published(world)
        await put(world, name, latestPublished, { MinExecutionEnvironments: 0, MaxExecutionEnvironments: 0 })
        await untilState(world, name, latestPublished, 'Deactivated')
        await refuses(world.invoke(name), { status: 409, name: 'ResourceConflictException' })
      },
    },
    {
      name: 'invocations beyond MaxExecutionEnvironments are throttled, or queue for one that runs several concurrently',
      run: async (world) => {
        const name = await published(world, { Timeout: 20 })
        const bounds = { MinExecutionEnvironments: 1, MaxExecutionEnvironments: 1 }
        await put(world, name, latestPublished, bounds)
        const calls = Array.from({ length: 3 }, () => world.invoke(name, { do: 'sleep', ms: 1_500 }))
        for (const each of await Promise.allSettled(calls)) {
          if (each.status === 'rejected') assert.equal((each.reason as Error).name, 'TooManyRequestsException')
        }
      },
    },
    {
      name: 'a function without a capacity provider has none',
      run: async (world) => {
        const name = await world.create('hello-node')
        await world.publish(name)
        const message = 'The function provided by the arn does not contain a capacity provider configuration'
        const refusal = { status: 403, name: 'AccessDeniedException', message }
        await refuses(put(world, name, '1', { MinExecutionEnvironments: 1, MaxExecutionEnvironments: 2 }), refusal)
      },
    },
    {
      name: 'a minimum above the maximum is refused, and 0 with another maximum',
      run: async (world) => {
        const name = await published(world)
        for (const [minimum, maximum] of [
          [2, 1],
          [0, 1],
        ] as const) {
          const bounds = { MinExecutionEnvironments: minimum, MaxExecutionEnvironments: maximum }
          await refuses(put(world, name, latestPublished, bounds), {
            ...{ status: 400, name: 'InvalidParameterValueException' },
          })
        }
      },
    },
    {
      name: 'an unknown function, and an unknown version of a function, are not found',
      run: async (world) => {
        const name = await world.create('hello-node')
        for (const FunctionName of [world.newName(), name]) {
          await refuses(get(world, FunctionName, '7'), unknown)
          await refuses(put(world, FunctionName, '7', { MinExecutionEnvironments: 1 }), unknown)
        }
      },
    },
    {
      name: 'too few and too many environments are refused',
      run: async (world) => {
        const name = world.newName()
        for (const member of ['Min', 'Max']) {
          for (const [count, bound] of [
            [-1, 'value greater than or equal to 0'],
            [15001, 'value less than or equal to 15000'],
          ] as const) {
            const where = `functionScalingConfig.${member.toLowerCase()}ExecutionEnvironments`
            const what = `Value '${String(count)}' at '${where}' failed to satisfy constraint: Member must have ${bound}`
            await refuses(put(world, name, '1', { [`${member}ExecutionEnvironments`]: count }), invalid(what))
          }
        }
      },
    },
    {
      name: 'a qualifier is required, and can be neither an alias nor $LATEST',
      run: async (world) => {
        const name = world.newName()
        const path = `/2025-11-30/functions/${name}/function-scaling-config`
        const message =
          "1 validation error detected: Value null at 'qualifier' failed to satisfy constraint: Member must not be null"
        for (const method of ['GET', 'PUT']) {
          const body = method === 'PUT' ? '{"FunctionScalingConfig":{}}' : ''
          const { status, json } = await world.raw({ method, path, body })
          assert.deepEqual([status, json], [400, { message }])
        }
        for (const qualifier of ['live', '$LATEST']) {
          await refuses(get(world, name, qualifier), outOfPattern(qualifier))
          await refuses(put(world, name, qualifier, {}), outOfPattern(qualifier))
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
async function published(world: World, changes: Partial<CreateFunctionCommandInput> = {}): Promise<string> {
  const name = await createManaged(world, await newProvider(world), { fixture: 'misbehave-node', ...changes })
  await publishLatest(world, name)
  return name
}

function get(world: World, FunctionName: string, Qualifier: string) {
  return world.client.send(new GetFunctionScalingConfigCommand({ FunctionName, Qualifier }))
}

function put(world: World, FunctionName: string, Qualifier: string, FunctionScalingConfig: Config) {
  return world.client.send(new PutFunctionScalingConfigCommand({ FunctionName, Qualifier, FunctionScalingConfig }))
}

function outOfPattern(qualifier: string): Refusal {
  const start = `Value '${qualifier}' at 'qualifier' failed to satisfy constraint: Member must satisfy regular expression`
  return {
    ...{ status: 400, name: 'ValidationException' },
    message: new RegExp(`^1 validation error detected: ${start.replace('$', String.raw`\$`)}`),
  }
}
