import assert from 'node:assert/strict'
import {
  DeleteFunctionConcurrencyCommand,
  GetFunctionCommand,
  GetFunctionConcurrencyCommand,
  PutFunctionConcurrencyCommand,
} from '@aws-sdk/client-lambda'
import type { Area } from '../../case/case.ts'
import { badParameter, invalid, notFound, refuses } from '../../case/expect.ts'
import type { CaseContext } from '../../case/case-context.ts'

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
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        const path = `/2019-09-30/functions/${name}/concurrency`
        const none = await lambda.raw({ method: 'GET', path })
        assert.deepEqual([none.status, none.json], [200, {}])
        const made = await put(lambda, name, 0)
        assert.deepEqual([made.$metadata.httpStatusCode, made.ReservedConcurrentExecutions], [200, 0])
        for (const form of [name, lambda.arn(name)]) {
          assert.equal((await get(lambda, form)).ReservedConcurrentExecutions, 0)
        }
        const removed = await lambda.client.send(new DeleteFunctionConcurrencyCommand({ FunctionName: name }))
        assert.equal(removed.$metadata.httpStatusCode, 204)
        assert.equal((await get(lambda, name)).ReservedConcurrentExecutions, undefined)
      },
    },
    {
      name: 'GetFunction shows a reservation without a qualifier only',
      run: async (lambda) => {
        const FunctionName = await lambda.create('hello-node')
        const version = await lambda.publish(FunctionName)
        await put(lambda, FunctionName, 0)
        const shown = await lambda.client.send(new GetFunctionCommand({ FunctionName }))
        assert.deepEqual(shown.Concurrency, { ReservedConcurrentExecutions: 0 })
        const qualified = await lambda.client.send(new GetFunctionCommand({ FunctionName, Qualifier: version }))
        assert.equal(qualified.Concurrency, undefined)
      },
    },
    {
      name: 'versions cannot reserve',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        await lambda.publish(name)
        await refuses(put(lambda, `${name}:1`, 0), functionsOnly)
        for (const qualifier of ['1', '$LATEST'])
          await refuses(put(lambda, lambda.arn(name, qualifier), 0), functionsOnly)
      },
    },
    {
      name: 'an unknown function is not found, before the value is validated',
      run: async (lambda) => {
        const name = lambda.newName()
        const message = `Function not found: ${lambda.arn(name)}`
        await refuses(get(lambda, name), { status: 404, name: 'ResourceNotFoundException', message })
        await refuses(put(lambda, name, 100_000), notFound(`Function not found: ${lambda.arn(name)}:$LATEST`))
        await refuses(lambda.client.send(new DeleteFunctionConcurrencyCommand({ FunctionName: name })), {
          ...{ status: 404, name: 'ResourceNotFoundException' },
        })
      },
    },
    {
      name: 'a negative reservation is refused',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        await refuses(
          put(lambda, name, -1),
          invalid(
            "Value '-1' at 'reservedConcurrentExecutions' failed to satisfy constraint: " +
              'Member must have value greater than or equal to 0',
          ),
        )
      },
    },
  ],
}

function get(lambda: CaseContext, FunctionName: string) {
  return lambda.client.send(new GetFunctionConcurrencyCommand({ FunctionName }))
}

function put(lambda: CaseContext, FunctionName: string, ReservedConcurrentExecutions: number) {
  return lambda.client.send(new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions }))
}
