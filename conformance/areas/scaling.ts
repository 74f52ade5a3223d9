import assert from 'node:assert/strict'
import { GetFunctionScalingConfigCommand, PutFunctionScalingConfigCommand } from '@aws-sdk/client-lambda'
import { Skipped, type Area } from '../case.ts'
import { invalid, refuses, type Refusal } from '../expect.ts'
import type { World } from '../world.ts'

const unknown = { status: 404, name: 'ResourceNotFoundException' }

/** Scaling configs: how many environments a published version has on its capacity provider. */
export const scaling: Area = {
  name: 'scaling',
  cases: [
    {
      name: 'a put answers 202 with the state of the function, and is shown for its version alone',
      run: async (world) => {
        const name = await published(world)
        const second = await publishAnother(world, name)
        const config = { MinExecutionEnvironments: 3, MaxExecutionEnvironments: 9 }
        const { $metadata, FunctionState } = await put(world, name, '1', config)
        assert.deepEqual([$metadata.httpStatusCode, FunctionState], [202, 'Active'])
        const shown = await get(world, name, '1')
        assert.deepEqual([shown.$metadata.httpStatusCode, shown.FunctionArn], [200, world.arn(name, '1')])
        assert.deepEqual(shown.RequestedFunctionScalingConfig, config)
        const other = await get(world, name, second)
        assert.equal(other.FunctionArn, world.arn(name, second))
        assert.notDeepEqual(other.RequestedFunctionScalingConfig, config)
      },
    },
    {
      name: 'a further put replaces the first, also by the ARN of the function',
      run: async (world) => {
        const name = await published(world)
        await put(world, name, '1', { MinExecutionEnvironments: 3, MaxExecutionEnvironments: 9 })
        const config = { MinExecutionEnvironments: 0, MaxExecutionEnvironments: 15000 }
        await put(world, world.arn(name), '1', config)
        const { RequestedFunctionScalingConfig } = await get(world, world.arn(name), '1')
        assert.deepEqual(RequestedFunctionScalingConfig, config)
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

/** A function with a version 1; on AWS it would have to be on a capacity provider. */
async function published(world: World): Promise<string> {
  if (world.target.isAws) throw new Skipped('the function would have to be on a capacity provider')
  const name = await world.create('hello-node')
  await world.publish(name)
  return name
}

async function publishAnother(world: World, name: string): Promise<string> {
  await world.configure(name, { Description: 'another' })
  return world.publish(name)
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
