import assert from 'node:assert/strict'
import {
  DeleteFunctionConcurrencyCommand,
  GetFunctionCommand,
  GetFunctionConcurrencyCommand,
  PutFunctionConcurrencyCommand,
} from '@aws-sdk/client-lambda'
import type { Area } from '../../world/case.ts'
import { badParameter, invalid, notFound, refuses } from '../../world/expect.ts'
import type { World } from '../../world/world.ts'

const functionsOnly = badParameter(
  'This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. ' +
    'Please specify either a function name or an unqualified function ARN.',
)

/** Reserved concurrency as it is set, shown and removed; what it bounds is asked with provisioned concurrency. */
export const reservedConcurrency: Area = {
  name: 'reserved-concurrency',
  cases: [
    {
      name: 'a reservation is returned, shown and removed, and without one the response is an empty object',
      run: async (world) => {
        const name = await world.create('hello-node')
        const path = `/2019-09-30/functions/${name}/concurrency`
        const none = await world.raw({ method: 'GET', path })
        assert.deepEqual([none.status, none.json], [200, {}])
        const made = await put(world, name, 0)
        assert.deepEqual([made.$metadata.httpStatusCode, made.ReservedConcurrentExecutions], [200, 0])
        for (const form of [name, world.arn(name)]) {
          assert.equal((await get(world, form)).ReservedConcurrentExecutions, 0)
        }
        const removed = await world.client.send(new DeleteFunctionConcurrencyCommand({ FunctionName: name }))
        assert.equal(removed.$metadata.httpStatusCode, 204)
        assert.equal((await get(world, name)).ReservedConcurrentExecutions, undefined)
      },
    },
    {
      name: 'GetFunction shows a reservation without a qualifier only',
      run: async (world) => {
        const FunctionName = await world.create('hello-node')
        const version = await world.publish(FunctionName)
        await put(world, FunctionName, 0)
        const shown = await world.client.send(new GetFunctionCommand({ FunctionName }))
        assert.deepEqual(shown.Concurrency, { ReservedConcurrentExecutions: 0 })
        const qualified = await world.client.send(new GetFunctionCommand({ FunctionName, Qualifier: version }))
        assert.equal(qualified.Concurrency, undefined)
      },
    },
    {
      name: 'versions cannot reserve',
      run: async (world) => {
        const name = await world.create('hello-node')
        await world.publish(name)
        await refuses(put(world, `${name}:1`, 0), functionsOnly)
        for (const qualifier of ['1', '$LATEST'])
          await refuses(put(world, world.arn(name, qualifier), 0), functionsOnly)
      },
    },
    {
      name: 'an unknown function is not found, before the value is validated',
      run: async (world) => {
        const name = world.newName()
        const message = `Function not found: ${world.arn(name)}`
        await refuses(get(world, name), { status: 404, name: 'ResourceNotFoundException', message })
        await refuses(put(world, name, 100_000), notFound(`Function not found: ${world.arn(name)}:$LATEST`))
        await refuses(world.client.send(new DeleteFunctionConcurrencyCommand({ FunctionName: name })), {
          ...{ status: 404, name: 'ResourceNotFoundException' },
        })
      },
    },
    {
      name: 'a negative reservation is refused',
      run: async (world) => {
        const name = await world.create('hello-node')
        await refuses(
          put(world, name, -1),
          invalid(
            "Value '-1' at 'reservedConcurrentExecutions' failed to satisfy constraint: " +
              'Member must have value greater than or equal to 0',
          ),
        )
      },
    },
  ],
}

function get(world: World, FunctionName: string) {
  return world.client.send(new GetFunctionConcurrencyCommand({ FunctionName }))
}

function put(world: World, FunctionName: string, ReservedConcurrentExecutions: number) {
  return world.client.send(new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions }))
}
