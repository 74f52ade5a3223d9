import assert from 'node:assert/strict'
import {
  AddPermissionCommand,
  DeleteResourcePolicyCommand,
  GetPolicyCommand,
  GetResourcePolicyCommand,
  PutResourcePolicyCommand,
  RemovePermissionCommand,
} from '@aws-sdk/client-lambda'
import type { Area } from '../../world/case.ts'
import { refuses } from '../../world/expect.ts'
import type { World } from '../../world/world.ts'

const missing = { status: 404, name: 'ResourceNotFoundException' }
const malformed = { status: 400, name: 'InvalidParameterValueException' }
const outdated = { status: 412, name: 'PreconditionFailedException' }

/** Resource policies as a whole. AWS's texts are not recorded, so that only the kinds of errors are compared. */
export const resourcePolicies: Area = {
  name: 'resource-policies',
  cases: [
    {
      name: 'a policy that is put is shown by GetResourcePolicy and GetPolicy, with one revision',
      run: async (world) => {
        const name = await world.create('hello-node')
        const saved = await put(world, name)
        assert.deepEqual(sidsOf(saved.Policy), ['put'])
        const [whole, same] = [await get(world, name), await getPolicy(world, name)]
        assert.deepEqual([sidsOf(whole.Policy), sidsOf(same.Policy)], [['put'], ['put']])
        assert.match(whole.RevisionId ?? '', /^[0-9a-f-]{36}$/)
        assert.equal(whole.RevisionId, same.RevisionId)
      },
    },
    {
      name: 'a policy that is put replaces what AddPermission added, and takes what it adds then',
      run: async (world) => {
        const name = await world.create('hello-node')
        await add(world, name, 'before')
        assert.deepEqual(sidsOf((await get(world, name)).Policy), ['before'])
        await put(world, name)
        await add(world, name, 'after')
        assert.deepEqual(sidsOf((await get(world, name)).Policy).toSorted(), ['after', 'put'])
        await world.client.send(new RemovePermissionCommand({ FunctionName: name, StatementId: 'put' }))
        assert.deepEqual(sidsOf((await get(world, name)).Policy), ['after'])
      },
    },
    {
      name: 'a policy that is deleted is gone from both APIs',
      run: async (world) => {
        const name = await world.create('hello-node')
        await refuses(get(world, name), missing)
        await put(world, name)
        const removed = await remove(world, name)
        assert.equal(removed.$metadata.httpStatusCode, 204)
        await refuses(get(world, name), missing)
        await refuses(getPolicy(world, name), missing)
      },
    },
    {
      name: 'a policy of an unknown function is not found',
      run: async (world) => {
        const name = world.newName()
        await refuses(put(world, name), missing)
        await refuses(get(world, name), missing)
      },
    },
    {
      name: 'an outdated revision of a policy is refused',
      run: async (world) => {
        const name = await world.create('hello-node')
        await put(world, name)
        const { RevisionId = '' } = await get(world, name)
        await put(world, name, { RevisionId, Policy: policyFor(world, name, { Sid: 'next' }) })
        await refuses(put(world, name, { RevisionId }), outdated)
        await refuses(remove(world, name, RevisionId), outdated)
        assert.deepEqual(sidsOf((await get(world, name)).Policy), ['next'])
      },
    },
    {
      name: 'a malformed policy is refused, and nothing is saved',
      run: async (world) => {
        const name = await world.create('hello-node')
        await refuses(put(world, name, { Policy: '{' }), malformed)
        await refuses(put(world, name, { Policy: policyFor(world, name, { Effect: 'Maybe' }) }), malformed)
        await refuses(put(world, name, { Policy: policyFor(world, name, { Action: 's3:GetObject' }) }), malformed)
        await refuses(get(world, name), missing)
      },
    },
  ],
}

function policyFor(world: World, name: string, members: object = {}): string {
  const statement = {
    ...{ Sid: 'put', Effect: 'Allow', Principal: { Service: 's3.amazonaws.com' }, Action: 'lambda:InvokeFunction' },
    Resource: world.arn(name),
    Condition: { StringEquals: { 'AWS:SourceAccount': world.target.accountId } },
  }
  return JSON.stringify({ Version: '2012-10-17', Statement: [{ ...statement, ...members }] })
}

function put(world: World, name: string, members: { readonly Policy?: string; readonly RevisionId?: string } = {}) {
  const Policy = policyFor(world, name)
  return world.client.send(new PutResourcePolicyCommand({ ResourceArn: world.arn(name), Policy, ...members }))
}

function get(world: World, name: string) {
  return world.client.send(new GetResourcePolicyCommand({ ResourceArn: world.arn(name) }))
}

function getPolicy(world: World, FunctionName: string) {
  return world.client.send(new GetPolicyCommand({ FunctionName }))
}

function remove(world: World, name: string, RevisionId?: string) {
  const ResourceArn = world.arn(name)
  return world.client.send(new DeleteResourcePolicyCommand({ ResourceArn, ...(RevisionId && { RevisionId }) }))
}

function add(world: World, FunctionName: string, StatementId: string) {
  return world.client.send(
    new AddPermissionCommand({
      ...{ FunctionName, StatementId, Action: 'lambda:InvokeFunction', Principal: 's3.amazonaws.com' },
      SourceAccount: world.target.accountId,
    }),
  )
}

function sidsOf(policy = '{}'): string[] {
  const { Statement = [] } = JSON.parse(policy) as { Statement?: { readonly Sid: string }[] }
  return Statement.map(({ Sid }) => Sid)
}
