import assert from 'node:assert/strict'
import {
  AddPermissionCommand,
  DeleteResourcePolicyCommand,
  GetPolicyCommand,
  GetResourcePolicyCommand,
  PutResourcePolicyCommand,
  RemovePermissionCommand,
} from '@aws-sdk/client-lambda'
import type { Area } from '../../case/case.ts'
import { refuses } from '../../case/expect.ts'
import type { CaseContext } from '../../case/case-context.ts'

const missing = { status: 404, name: 'ResourceNotFoundException' }
const malformed = { status: 400, name: 'InvalidParameterValueException' }
const outdated = { status: 412, name: 'PreconditionFailedException' }

/** Resource policies as a whole. AWS's texts are not recorded, so that only the kinds of errors are compared. */
export const resourcePolicies: Area = {
  name: 'resource-policies',
  cases: [
    {
      name: 'a policy that is put is shown by GetResourcePolicy and GetPolicy, with one revision',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        const saved = await put(lambda, name)
        assert.deepEqual(sidsOf(saved.Policy), ['put'])
        const [whole, same] = [await get(lambda, name), await getPolicy(lambda, name)]
        assert.deepEqual([sidsOf(whole.Policy), sidsOf(same.Policy)], [['put'], ['put']])
        assert.match(whole.RevisionId ?? '', /^[0-9a-f-]{36}$/)
        assert.equal(whole.RevisionId, same.RevisionId)
      },
    },
    {
      name: 'a policy that is put replaces what AddPermission added, and takes what it adds then',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        await add(lambda, name, 'before')
        assert.deepEqual(sidsOf((await get(lambda, name)).Policy), ['before'])
        await put(lambda, name)
        await add(lambda, name, 'after')
        assert.deepEqual(sidsOf((await get(lambda, name)).Policy).toSorted(), ['after', 'put'])
        await lambda.client.send(new RemovePermissionCommand({ FunctionName: name, StatementId: 'put' }))
        assert.deepEqual(sidsOf((await get(lambda, name)).Policy), ['after'])
      },
    },
    {
      name: 'a policy that is deleted is gone from both APIs',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        await refuses(get(lambda, name), missing)
        await put(lambda, name)
        const removed = await remove(lambda, name)
        assert.equal(removed.$metadata.httpStatusCode, 204)
        await refuses(get(lambda, name), missing)
        await refuses(getPolicy(lambda, name), missing)
      },
    },
    {
      name: 'a policy of an unknown function is not found',
      run: async (lambda) => {
        const name = lambda.newName()
        await refuses(put(lambda, name), missing)
        await refuses(get(lambda, name), missing)
      },
    },
    {
      name: 'an outdated revision of a policy is refused',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        await put(lambda, name)
        const { RevisionId = '' } = await get(lambda, name)
        await put(lambda, name, { RevisionId, Policy: policyFor(lambda, name, { Sid: 'next' }) })
        await refuses(put(lambda, name, { RevisionId }), outdated)
        await refuses(remove(lambda, name, RevisionId), outdated)
        assert.deepEqual(sidsOf((await get(lambda, name)).Policy), ['next'])
      },
    },
    {
      name: 'a malformed policy is refused, and nothing is saved',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        await refuses(put(lambda, name, { Policy: '{' }), malformed)
        await refuses(put(lambda, name, { Policy: policyFor(lambda, name, { Effect: 'Maybe' }) }), malformed)
        await refuses(put(lambda, name, { Policy: policyFor(lambda, name, { Action: 's3:GetObject' }) }), malformed)
        await refuses(get(lambda, name), missing)
      },
    },
  ],
}

function policyFor(lambda: CaseContext, name: string, members: object = {}): string {
  const statement = {
    ...{ Sid: 'put', Effect: 'Allow', Principal: { Service: 's3.amazonaws.com' }, Action: 'lambda:InvokeFunction' },
    Resource: lambda.arn(name),
    Condition: { StringEquals: { 'AWS:SourceAccount': lambda.target.accountId } },
  }
  return JSON.stringify({ Version: '2012-10-17', Statement: [{ ...statement, ...members }] })
}

function put(
  lambda: CaseContext,
  name: string,
  members: { readonly Policy?: string; readonly RevisionId?: string } = {},
) {
  const Policy = policyFor(lambda, name)
  return lambda.client.send(new PutResourcePolicyCommand({ ResourceArn: lambda.arn(name), Policy, ...members }))
}

function get(lambda: CaseContext, name: string) {
  return lambda.client.send(new GetResourcePolicyCommand({ ResourceArn: lambda.arn(name) }))
}

function getPolicy(lambda: CaseContext, FunctionName: string) {
  return lambda.client.send(new GetPolicyCommand({ FunctionName }))
}

function remove(lambda: CaseContext, name: string, RevisionId?: string) {
  const ResourceArn = lambda.arn(name)
  return lambda.client.send(new DeleteResourcePolicyCommand({ ResourceArn, ...(RevisionId && { RevisionId }) }))
}

function add(lambda: CaseContext, FunctionName: string, StatementId: string) {
  return lambda.client.send(
    new AddPermissionCommand({
      ...{ FunctionName, StatementId, Action: 'lambda:InvokeFunction', Principal: 's3.amazonaws.com' },
      SourceAccount: lambda.target.accountId,
    }),
  )
}

function sidsOf(policy = '{}'): string[] {
  const { Statement = [] } = JSON.parse(policy) as { Statement?: { readonly Sid: string }[] }
  return Statement.map(({ Sid }) => Sid)
}
