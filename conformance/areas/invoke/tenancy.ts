import assert from 'node:assert/strict'
import type { Area } from '../../world/case.ts'
import { answers, badParameter, refuses } from '../../world/expect.ts'
import type { World } from '../../world/world.ts'

const isolated = { TenancyConfig: { TenantIsolationMode: 'PER_TENANT' } } as const

/** Functions that keep their tenants apart. */
export const tenancy: Area = {
  name: 'tenancy',
  cases: [
    {
      name: 'the configuration is shown, and stays when the function is changed',
      run: async (world) => {
        const name = await world.create('tenant-node', isolated)
        await world.configure(name, { Timeout: 9 })
        assert.deepEqual((await world.configuration(name)).TenancyConfig, isolated.TenancyConfig)
        assert.equal((await world.configuration(await world.create('hello-node'))).TenancyConfig, undefined)
      },
    },
    {
      name: 'tenants never share an environment, and the function receives the tenant id',
      run: async (world) => {
        const name = await world.create('tenant-node', isolated)
        answers(await invokeFor(world, name, 'one'), { tenantId: 'one', seen: ['one'], generation: '' })
        answers(await invokeFor(world, name, 'two@x'), { tenantId: 'two@x', seen: ['two@x'], generation: '' })
        answers(await invokeFor(world, name, 'one'), { tenantId: 'one', seen: ['one', 'one'], generation: '' })
      },
    },
    {
      name: 'an update is seen by every tenant',
      run: async (world) => {
        const name = await world.create('tenant-node', isolated)
        for (const tenant of ['one', 'two']) await invokeFor(world, name, tenant)
        await world.configure(name, { Environment: { Variables: { GENERATION: 'next' } } })
        for (const tenantId of ['one', 'two']) {
          answers(await invokeFor(world, name, tenantId), { tenantId, seen: [tenantId], generation: 'next' })
        }
      },
    },
    {
      name: 'an invocation without a tenant, and one with a tenant of another function, are refused',
      run: async (world) => {
        await refuses(world.invoke(await world.create('tenant-node', isolated)), badParameter(/./))
        await refuses(invokeFor(world, await world.create('hello-node'), 'one'), badParameter(/./))
      },
    },
  ],
}

function invokeFor(world: World, name: string, TenantId: string) {
  return world.invoke(name, {}, { TenantId })
}
