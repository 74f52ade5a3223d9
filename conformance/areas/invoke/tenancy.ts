import assert from 'node:assert/strict'
import type { Area } from '../../case/case.ts'
import { answers, badParameter, refuses } from '../../case/expect.ts'
import type { CaseContext } from '../../case/case-context.ts'

const isolated = { TenancyConfig: { TenantIsolationMode: 'PER_TENANT' } } as const

/** Functions that keep their tenants apart. */
export const tenancy: Area = {
  name: 'tenancy',
  cases: [
    {
      name: 'the configuration is shown, and stays when the function is changed',
      run: async (lambda) => {
        const name = await lambda.create('tenant-node', isolated)
        await lambda.configure(name, { Timeout: 9 })
        assert.deepEqual((await lambda.configuration(name)).TenancyConfig, isolated.TenancyConfig)
        assert.equal((await lambda.configuration(await lambda.create('hello-node'))).TenancyConfig, undefined)
      },
    },
    {
      name: 'tenants never share an environment, and the function receives the tenant id',
      run: async (lambda) => {
        const name = await lambda.create('tenant-node', isolated)
        answers(await invokeFor(lambda, name, 'one'), { tenantId: 'one', seen: ['one'], generation: '' })
        answers(await invokeFor(lambda, name, 'two@x'), { tenantId: 'two@x', seen: ['two@x'], generation: '' })
        answers(await invokeFor(lambda, name, 'one'), { tenantId: 'one', seen: ['one', 'one'], generation: '' })
      },
    },
    {
      name: 'an update is seen by every tenant',
      run: async (lambda) => {
        const name = await lambda.create('tenant-node', isolated)
        for (const tenant of ['one', 'two']) await invokeFor(lambda, name, tenant)
        await lambda.configure(name, { Environment: { Variables: { GENERATION: 'next' } } })
        for (const tenantId of ['one', 'two']) {
          answers(await invokeFor(lambda, name, tenantId), { tenantId, seen: [tenantId], generation: 'next' })
        }
      },
    },
    {
      name: 'an invocation without a tenant, and one with a tenant of another function, are refused',
      run: async (lambda) => {
        await refuses(lambda.invoke(await lambda.create('tenant-node', isolated)), badParameter(/./))
        await refuses(invokeFor(lambda, await lambda.create('hello-node'), 'one'), badParameter(/./))
      },
    },
  ],
}

function invokeFor(lambda: CaseContext, name: string, TenantId: string) {
  return lambda.invoke(name, {}, { TenantId })
}
