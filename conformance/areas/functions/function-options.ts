import assert from 'node:assert/strict'
import {
  GetFunctionRecursionConfigCommand,
  GetRuntimeManagementConfigCommand,
  PutFunctionRecursionConfigCommand,
  PutRuntimeManagementConfigCommand,
  type RecursiveLoop,
} from '@aws-sdk/client-lambda'
import type { Area } from '../../case/case.ts'
import { invalid, notFound, refuses } from '../../case/expect.ts'

/** Recursion and runtime management configs. */
export const functionOptions: Area = {
  name: 'function-options',
  cases: [
    {
      name: 'recursion is terminated until it is allowed, and a put is echoed',
      run: async (lambda) => {
        const FunctionName = await lambda.create('hello-node')
        const get = () => lambda.client.send(new GetFunctionRecursionConfigCommand({ FunctionName }))
        assert.equal((await get()).RecursiveLoop, 'Terminate')
        const put = await lambda.client.send(
          new PutFunctionRecursionConfigCommand({ FunctionName, RecursiveLoop: 'Allow' }),
        )
        assert.deepEqual([put.$metadata.httpStatusCode, put.RecursiveLoop], [200, 'Allow'])
        assert.equal((await get()).RecursiveLoop, 'Allow')
      },
    },
    {
      name: 'a recursion config of an unknown value or function is refused',
      run: async (lambda) => {
        const FunctionName = lambda.newName()
        const put = (RecursiveLoop: string) =>
          lambda.client.send(
            new PutFunctionRecursionConfigCommand({ FunctionName, RecursiveLoop: RecursiveLoop as RecursiveLoop }),
          )
        await refuses(
          put('Sometimes'),
          invalid(
            "Value 'Sometimes' at 'recursiveLoop' failed to satisfy constraint: " +
              'Member must satisfy enum value set: [Terminate, Allow]',
          ),
        )
        await refuses(put('Allow'), notFound(`Function not found: ${lambda.arn(FunctionName)}`))
      },
    },
    {
      name: 'runtime management is Auto by default, per version',
      run: async (lambda) => {
        const FunctionName = await lambda.create('hello-node')
        const version = await lambda.publish(FunctionName)
        const get = (Qualifier?: string) =>
          lambda.client.send(new GetRuntimeManagementConfigCommand({ FunctionName, ...(Qualifier && { Qualifier }) }))
        assert.equal((await get()).UpdateRuntimeOn, 'Auto')
        const put = await lambda.client.send(
          new PutRuntimeManagementConfigCommand({
            FunctionName,
            Qualifier: version,
            UpdateRuntimeOn: 'FunctionUpdate',
          }),
        )
        assert.equal(put.$metadata.httpStatusCode, 200)
        assert.deepEqual([put.UpdateRuntimeOn, put.FunctionArn], ['FunctionUpdate', lambda.arn(FunctionName, version)])
        assert.equal((await get(version)).UpdateRuntimeOn, 'FunctionUpdate')
        assert.equal((await get()).UpdateRuntimeOn, 'Auto')
      },
    },
  ],
}
