import assert from 'node:assert/strict'
import {
  AddLayerVersionPermissionCommand,
  AddPermissionCommand,
  CreateAliasCommand,
  DeleteAliasCommand,
  DeleteLayerVersionCommand,
  GetAliasCommand,
  GetLayerVersionPolicyCommand,
  GetPolicyCommand,
  PublishLayerVersionCommand,
  RemoveLayerVersionPermissionCommand,
  RemovePermissionCommand,
  type AddLayerVersionPermissionCommandInput,
  type AddPermissionCommandInput,
} from '@aws-sdk/client-lambda'
import type { Area } from '../../case/case.ts'
import { badParameter, conflict, invalid, notFound, refuses } from '../../case/expect.ts'
import type { CaseContext } from '../../case/case-context.ts'

const nothing = notFound('The resource you requested does not exist.')
const duplicate = conflict(
  'The statement id (one) provided already exists. Please provide a new statement id, or remove the existing statement.',
)
const outdated = (reader: string) => ({
  ...{ status: 412, name: 'PreconditionFailedException' },
  message: `The Revision Id provided does not match the latest Revision Id. Call the ${reader} API to retrieve the latest Revision Id`,
})

/** Resource policies of functions, versions, aliases and layer versions. */
export const permissions: Area = {
  name: 'permissions',
  cases: [
    {
      name: 'AddPermission returns 201 with the statement as AWS prints it, and GetPolicy has it',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        const added = await add(lambda, name, {
          ...{ SourceArn: 'arn:aws:s3:::bucket', SourceAccount: '123456789012' },
        })
        assert.equal(added.$metadata.httpStatusCode, 201)
        const statement =
          '{"Sid":"one","Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"lambda:InvokeFunction",' +
          `"Resource":"${lambda.arn(name)}","Condition":{"StringEquals":{"AWS:SourceAccount":"123456789012"},` +
          '"ArnLike":{"AWS:SourceArn":"arn:aws:s3:::bucket"}}}'
        assert.equal(added.Statement, statement)
        const { Policy, RevisionId } = await policy(lambda, name)
        assert.equal(Policy, `{"Version":"2012-10-17","Id":"default","Statement":[${statement}]}`)
        assert.match(RevisionId ?? '', /^[0-9a-f-]{36}$/)
      },
    },
    {
      name: 'principals are printed by their kind',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        const account = lambda.target.accountId
        const printed = async (StatementId: string, Principal: string) => {
          const { Statement = '' } = await add(lambda, name, { StatementId, Principal })
          return (JSON.parse(Statement) as { Principal: unknown }).Principal
        }
        assert.deepEqual(await printed('account', account), { AWS: `arn:aws:iam::${account}:root` })
        assert.deepEqual(await printed('service', 'sns.amazonaws.com'), { Service: 'sns.amazonaws.com' })
        assert.equal(await printed('all', '*'), '*')
        await refuses(
          add(lambda, name, { StatementId: 'bad', Principal: 'invalid.example.com' }),
          badParameter('The provided principal was invalid. Please check the principal and try again.'),
        )
      },
    },
    {
      name: 'conditions are printed as AWS prints them',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        const condition = async (StatementId: string, members: Partial<AddPermissionCommandInput>) => {
          const { Statement = '' } = await add(lambda, name, { StatementId, ...members })
          return (JSON.parse(Statement) as { Condition: unknown }).Condition
        }
        assert.deepEqual(await condition('a', { PrincipalOrgID: 'o-1234567890', Principal: '*' }), {
          StringEquals: { 'aws:PrincipalOrgID': 'o-1234567890' },
        })
        assert.deepEqual(
          await condition('b', { FunctionUrlAuthType: 'NONE', Principal: '*', Action: 'lambda:InvokeFunctionUrl' }),
          { StringEquals: { 'lambda:FunctionUrlAuthType': 'NONE' } },
        )
        assert.deepEqual(await condition('c', { EventSourceToken: 't', Principal: 'alexa-appkit.amazon.com' }), {
          StringEquals: { 'lambda:EventSourceToken': 't' },
        })
      },
    },
    {
      name: 'function, version and alias have policies of their own, and each change a new revision of that alone',
      run: async (lambda) => {
        const name = await published(lambda)
        const revisions = async () => [
          (await lambda.configuration(name)).RevisionId,
          (await lambda.configuration(name, '1')).RevisionId,
          (await lambda.client.send(new GetAliasCommand({ FunctionName: name, Name: 'live' }))).RevisionId,
        ]
        for (const [index, Qualifier] of [undefined, '1', 'live'].entries()) {
          const before = await revisions()
          await add(lambda, name, Qualifier === undefined ? {} : { Qualifier })
          const after = await revisions()
          assert.deepEqual(
            before.map((id, at) => id !== after[at]),
            [0, 1, 2].map((at) => at === index),
          )
          const { Policy = '' } = await policy(lambda, name, Qualifier)
          assert.ok(Policy.includes(`"Resource":"${lambda.arn(name, Qualifier)}"`))
        }
        const next = await secondVersion(lambda, name)
        await refuses(policy(lambda, name, next), nothing)
      },
    },
    {
      name: 'the policy of an alias goes with it',
      run: async (lambda) => {
        const name = await published(lambda)
        await add(lambda, name, { Qualifier: 'live' })
        await lambda.client.send(new DeleteAliasCommand({ FunctionName: name, Name: 'live' }))
        await alias(lambda, name)
        await refuses(policy(lambda, name, 'live'), nothing)
      },
    },
    {
      name: 'what is removed last takes the policy with it',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        await refuses(remove(lambda, name, 'one'), notFound('No policy is associated with the given resource.'))
        await add(lambda, name)
        await refuses(remove(lambda, name, 'two'), notFound('Statement two is not found in resource policy.'))
        const removed = await remove(lambda, name, 'one')
        assert.equal(removed.$metadata.httpStatusCode, 204)
        await refuses(policy(lambda, name), nothing)
      },
    },
    {
      name: 'a duplicate statement, $LATEST, and unknown functions are refused',
      run: async (lambda) => {
        const name = await published(lambda)
        const unknown = lambda.newName()
        await add(lambda, name)
        await refuses(add(lambda, name), duplicate)
        await refuses(
          add(lambda, name, { Qualifier: '$LATEST' }),
          badParameter('We currently do not support adding policies for $LATEST.'),
        )
        await refuses(
          add(lambda, name, { Qualifier: 'none' }),
          notFound(`Cannot find alias arn: ${lambda.arn(name, 'none')}`),
        )
        await refuses(add(lambda, name, { Qualifier: '9' }), notFound(`Function not found: ${lambda.arn(name, '9')}`))
        await refuses(add(lambda, unknown), notFound(`Function not found: ${lambda.arn(unknown)}`))
        await refuses(remove(lambda, unknown, 'one'), notFound(`No policy found for: ${lambda.arn(unknown)}`))
      },
    },
    {
      name: 'a function URL auth type is valid for InvokeFunctionUrl only',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        await refuses(
          add(lambda, name, { FunctionUrlAuthType: 'NONE', Principal: '*' }),
          badParameter('FunctionUrlAuthType is only supported for lambda:InvokeFunctionUrl action'),
        )
      },
    },
    {
      name: 'a statement id must match its pattern',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        const constraint = 'Member must satisfy regular expression pattern: ([a-zA-Z0-9-_]+)'
        await refuses(
          add(lambda, name, { StatementId: 'a b' }),
          invalid(`Value 'a b' at 'statementId' failed to satisfy constraint: ${constraint}`),
        )
      },
    },
    {
      name: 'an outdated revision is refused',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        await add(lambda, name)
        const { RevisionId = '' } = await policy(lambda, name)
        await add(lambda, name, { StatementId: 'two', RevisionId })
        await refuses(add(lambda, name, { StatementId: 'three', RevisionId }), outdated('GetPolicy'))
        await refuses(remove(lambda, name, 'two', RevisionId), outdated('GetPolicy'))
      },
    },
    {
      name: 'a policy of more than 20 kB is refused, and nothing is added',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        const SourceArn = `arn:aws:s3:::${'b'.repeat(9_900)}`
        for (const StatementId of ['one', 'two']) await add(lambda, name, { StatementId, SourceArn })
        const before = await policy(lambda, name)
        await refuses(add(lambda, name, { StatementId: 'three', SourceArn }), {
          ...{ status: 400, name: 'PolicyLengthExceededException' },
        })
        assert.equal((await policy(lambda, name)).Policy, before.Policy)
      },
    },
    {
      name: 'the policy of a layer version is added to, shown and emptied',
      run: async (lambda) => {
        const layer = await publishLayer(lambda)
        await refuses(layerPolicy(lambda, layer), notFound('No policy is associated with the given resource.'))
        const added = await addToLayer(lambda, layer)
        assert.equal(added.$metadata.httpStatusCode, 201)
        const account = lambda.target.accountId
        const statement =
          `{"Sid":"one","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::${account}:root"},` +
          `"Action":"lambda:GetLayerVersion","Resource":"${lambda.layerArn(layer, 1)}"}`
        assert.equal(added.Statement, statement)
        const shown = await layerPolicy(lambda, layer)
        assert.equal(shown.Policy, `{"Version":"2012-10-17","Id":"default","Statement":[${statement}]}`)
        assert.equal(shown.RevisionId, added.RevisionId)
        await refuses(addToLayer(lambda, layer), duplicate)
        await refuses(
          addToLayer(lambda, layer, { StatementId: 'two', RevisionId: 'outdated' }),
          outdated('GetLayerPolicy'),
        )
        await refuses(removeFromLayer(lambda, layer, 'two'), notFound('Statement two is not found in resource policy.'))
        const removed = await removeFromLayer(lambda, layer, 'one')
        assert.equal(removed.$metadata.httpStatusCode, 204)
        await refuses(layerPolicy(lambda, layer), notFound('No policy is associated with the given resource.'))
      },
    },
    {
      name: 'permissions on a layer version that does not exist are refused',
      run: async (lambda) => {
        const layer = lambda.newName()
        const expected = notFound(`Layer version ${lambda.layerArn(layer, 1)} does not exist.`)
        await refuses(addToLayer(lambda, layer), expected)
        await refuses(layerPolicy(lambda, layer), expected)
        await refuses(removeFromLayer(lambda, layer, 'one'), expected)
      },
    },
  ],
}

function add(lambda: CaseContext, FunctionName: string, members: Partial<AddPermissionCommandInput> = {}) {
  const statement = { StatementId: 'one', Action: 'lambda:InvokeFunction', Principal: 's3.amazonaws.com' }
  return lambda.client.send(new AddPermissionCommand({ FunctionName, ...statement, ...members }))
}

function remove(lambda: CaseContext, FunctionName: string, StatementId: string, RevisionId?: string) {
  return lambda.client.send(
    new RemovePermissionCommand({ FunctionName, StatementId, ...(RevisionId && { RevisionId }) }),
  )
}

function policy(lambda: CaseContext, FunctionName: string, Qualifier?: string) {
  return lambda.client.send(new GetPolicyCommand({ FunctionName, ...(Qualifier && { Qualifier }) }))
}

async function published(lambda: CaseContext): Promise<string> {
  const name = await lambda.create('hello-node')
  await lambda.publish(name)
  await alias(lambda, name)
  return name
}

async function secondVersion(lambda: CaseContext, name: string): Promise<string> {
  await lambda.configure(name, { Timeout: 9 })
  return lambda.publish(name)
}

function alias(lambda: CaseContext, FunctionName: string) {
  return lambda.client.send(new CreateAliasCommand({ FunctionName, Name: 'live', FunctionVersion: '1' }))
}

async function publishLayer(lambda: CaseContext): Promise<string> {
  const LayerName = lambda.newName()
  const Content = { ZipFile: await lambda.zip('layer-lower') }
  await lambda.client.send(new PublishLayerVersionCommand({ LayerName, Content }))
  lambda.afterwards(() => lambda.client.send(new DeleteLayerVersionCommand({ LayerName, VersionNumber: 1 })))
  return LayerName
}

function addToLayer(
  lambda: CaseContext,
  LayerName: string,
  members: Partial<AddLayerVersionPermissionCommandInput> = {},
) {
  return lambda.client.send(
    new AddLayerVersionPermissionCommand({
      ...{ LayerName, VersionNumber: 1, StatementId: 'one' },
      ...{ Action: 'lambda:GetLayerVersion', Principal: lambda.target.accountId },
      ...members,
    }),
  )
}

function removeFromLayer(lambda: CaseContext, LayerName: string, StatementId: string) {
  return lambda.client.send(new RemoveLayerVersionPermissionCommand({ LayerName, VersionNumber: 1, StatementId }))
}

function layerPolicy(lambda: CaseContext, LayerName: string) {
  return lambda.client.send(new GetLayerVersionPolicyCommand({ LayerName, VersionNumber: 1 }))
}
