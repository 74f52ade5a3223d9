import assert from 'node:assert/strict'
import { GetAccountSettingsCommand } from '@aws-sdk/client-lambda'
import type { Area } from '../../case/case.ts'

/** GetAccountSettings. */
export const account: Area = {
  name: 'account',
  cases: [
    {
      name: 'GetAccountSettings returns limits and usage with all their keys',
      run: async (lambda) => {
        const { AccountLimit, AccountUsage } = await lambda.client.send(new GetAccountSettingsCommand({}))
        assert.deepEqual(Object.keys(AccountLimit ?? {}).sort(), [
          'CodeSizeUnzipped',
          'CodeSizeZipped',
          'ConcurrentExecutions',
          'TotalCodeSize',
          'UnreservedConcurrentExecutions',
        ])
        assert.deepEqual(Object.keys(AccountUsage ?? {}).sort(), ['FunctionCount', 'TotalCodeSize'])
        assert.equal(AccountLimit?.CodeSizeUnzipped, 262144000)
        assert.equal(AccountLimit.CodeSizeZipped, 52428800)
        assert.ok((AccountLimit.TotalCodeSize ?? 0) >= 80530636800)
      },
    },
    {
      name: 'the usage counts functions and their code',
      run: async (lambda) => {
        await lambda.create('hello-node')
        const { AccountUsage } = await lambda.client.send(new GetAccountSettingsCommand({}))
        assert.ok((AccountUsage?.FunctionCount ?? 0) >= 1)
        assert.ok((AccountUsage?.TotalCodeSize ?? 0) >= (await lambda.zip('hello-node')).length)
      },
    },
  ],
}
