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
import type { Area } from '../../world/case.ts'
import { badParameter, conflict, invalid, notFound, refuses } from '../../world/expect.ts'
import type { World } from '../../world/world.ts'

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
      run: async (world) => {
        const name = await world.create('hello-node')
        const added = await add(world, name, {
          ...{ SourceArn: 'arn:aws:s3:::bucket', SourceAccount: '123456789012' },
        })
        assert.equal(added.$metadata.httpStatusCode, 201)
        const statement =
          '{"Sid":"one","Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"lambda:InvokeFunction",' +
          `"Resource":"${world.arn(name)}","Condition":{"StringEquals":{"AWS:SourceAccount":"123456789012"},` +
          '"ArnLike":{"AWS:SourceArn":"arn:aws:s3:::bucket"}}}'
        assert.equal(added.Statement, statement)
        const { Policy, RevisionId } = await policy(world, name)
        assert.equal(Policy, `{"Version":"2012-10-17","Id":"default","Statement":[${statement}]}`)
        assert.match(RevisionId ?? '', /^[0-9a-f-]{36}$/)
      },
    },
    {
      name: 'principals are printed by their kind',
      run: async (world) => {
        const name = await world.create('hello-node')
        const account = world.target.accountId
        const printed = async (StatementId: string, Principal: string) => {
          const { Statement = '' } = await add(world, name, { StatementId, Principal })
          return (JSON.parse(Statement) as { Principal: unknown }).Principal
        }
        assert.deepEqual(await printed('account', account), { AWS: `arn:aws:iam::${account}:root` })
        assert.deepEqual(await printed('service', 'sns.amazonaws.com'), { Service: 'sns.amazonaws.com' })
        assert.equal(await printed('all', '*'), '*')
        await refuses(
          add(world, name, { StatementId: 'bad', Principal: 'invalid.example.com' }),
          badParameter('The provided principal was invalid. Please check the principal and try again.'),
        )
      },
    },
    {
      name: 'conditions are printed as AWS prints them',
      run: async (world) => {
        const name = await world.create('hello-node')
        const condition = async (StatementId: string, members: Partial<AddPermissionCommandInput>) => {
          const { Statement = '' } = await add(world, name, { StatementId, ...members })
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
      run: async (world) => {
        const name = await published(world)
        const revisions = async () => [
          (await world.configuration(name)).RevisionId,
          (await world.configuration(name, '1')).RevisionId,
          (await world.client.send(new GetAliasCommand({ FunctionName: name, Name: 'live' }))).RevisionId,
        ]
        for (const [index, Qualifier] of [undefined, '1', 'live'].entries()) {
          const before = await revisions()
          await add(world, name, Qualifier === undefined ? {} : { Qualifier })
          const after = await revisions()
          assert.deepEqual(
            before.map((id, at) => id !== after[at]),
            [0, 1, 2].map((at) => at === index),
          )
          const { Policy = '' } = await policy(world, name, Qualifier)
          assert.ok(Policy.includes(`"Resource":"${world.arn(name, Qualifier)}"`))
        }
        const next = await secondVersion(world, name)
        await refuses(policy(world, name, next), nothing)
      },
    },
    {
      name: 'the policy of an alias goes with it',
      run: async (world) => {
        const name = await published(world)
        await add(world, name, { Qualifier: 'live' })
        await world.client.send(new DeleteAliasCommand({ FunctionName: name, Name: 'live' }))
        await alias(world, name)
        await refuses(policy(world, name, 'live'), nothing)
      },
    },
    {
      name: 'what is removed last takes the policy with it',
      run: async (world) => {
        const name = await world.create('hello-node')
        await refuses(remove(world, name, 'one'), notFound('No policy is associated with the given resource.'))
        await add(world, name)
        await refuses(remove(world, name, 'two'), notFound('Statement two is not found in resource policy.'))
        const removed = await remove(world, name, 'one')
        assert.equal(removed.$metadata.httpStatusCode, 204)
        await refuses(policy(world, name), nothing)
      },
    },
    {
      name: 'a duplicate statement, $LATEST, and unknown functions are refused',
      run: async (world) => {
        const name = await published(world)
        const unknown = world.newName()
        await add(world, name)
        await refuses(add(world, name), duplicate)
        await refuses(
          add(world, name, { Qualifier: '$LATEST' }),
          badParameter('We currently do not support adding policies for $LATEST.'),
        )
        await refuses(
          add(world, name, { Qualifier: 'none' }),
          notFound(`Cannot find alias arn: ${world.arn(name, 'none')}`),
        )
        await refuses(add(world, name, { Qualifier: '9' }), notFound(`Function not found: ${world.arn(name, '9')}`))
        await refuses(add(world, unknown), notFound(`Function not found: ${world.arn(unknown)}`))
        await refuses(remove(world, unknown, 'one'), notFound(`No policy found for: ${world.arn(unknown)}`))
      },
    },
    {
      name: 'a function URL auth type is valid for InvokeFunctionUrl only',
      run: async (world) => {
        const name = await world.create('hello-node')
        await refuses(
          add(world, name, { FunctionUrlAuthType: 'NONE', Principal: '*' }),
          badParameter('FunctionUrlAuthType is only supported for lambda:InvokeFunctionUrl action'),
        )
      },
    },
    {
      name: 'a statement id must match its pattern',
      run: async (world) => {
        const name = await world.create('hello-node')
        const constraint = 'Member must satisfy regular expression pattern: ([a-zA-Z0-9-_]+)'
        await refuses(
          add(world, name, { StatementId: 'a b' }),
          invalid(`Value 'a b' at 'statementId' failed to satisfy constraint: ${constraint}`),
        )
      },
    },
    {
      name: 'an outdated revision is refused',
      run: async (world) => {
        const name = await world.create('hello-node')
        await add(world, name)
        const { RevisionId = '' } = await policy(world, name)
        await add(world, name, { StatementId: 'two', RevisionId })
        await refuses(add(world, name, { StatementId: 'three', RevisionId }), outdated('GetPolicy'))
        await refuses(remove(world, name, 'two', RevisionId), outdated('GetPolicy'))
      },
    },
    {
      name: 'a policy of more than 20 kB is refused, and nothing is added',
      run: async (world) => {
        const name = await world.create('hello-node')
        const SourceArn = `arn:aws:s3:::${'b'.repeat(9_900)}`
        for (const StatementId of ['one', 'two']) await add(world, name, { StatementId, SourceArn })
        const before = await policy(world, name)
        await refuses(add(world, name, { StatementId: 'three', SourceArn }), {
          ...{ status: 400, name: 'PolicyLengthExceededException' },
        })
        assert.equal((await policy(world, name)).Policy, before.Policy)
      },
    },
    {
      name: 'the policy of a layer version is added to, shown and emptied',
      run: async (world) => {
        const layer = await publishLayer(world)
        await refuses(layerPolicy(world, layer), notFound('No policy is associated with the given resource.'))
        const added = await addToLayer(world, layer)
        assert.equal(added.$metadata.httpStatusCode, 201)
        const account = world.target.accountId
        const statement =
          `{"Sid":"one","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::${account}:root"},` +
          `"Action":"lambda:GetLayerVersion","Resource":"${world.layerArn(layer, 1)}"}`
        assert.equal(added.Statement, statement)
        const shown = await layerPolicy(world, layer)
        assert.equal(shown.Policy, `{"Version":"2012-10-17","Id":"default","Statement":[${statement}]}`)
        assert.equal(shown.RevisionId, added.RevisionId)
        await refuses(addToLayer(world, layer), duplicate)
        await refuses(
          addToLayer(world, layer, { StatementId: 'two', RevisionId: 'outdated' }),
          outdated('GetLayerPolicy'),
        )
        await refuses(removeFromLayer(world, layer, 'two'), notFound('Statement two is not found in resource policy.'))
        const removed = await removeFromLayer(world, layer, 'one')
        assert.equal(removed.$metadata.httpStatusCode, 204)
        await refuses(layerPolicy(world, layer), notFound('No policy is associated with the given resource.'))
      },
    },
    {
      name: 'permissions on a layer version that does not exist are refused',
      run: async (world) => {
        const layer = world.newName()
        const expected = notFound(`Layer version ${world.layerArn(layer, 1)} does not exist.`)
        await refuses(addToLayer(world, layer), expected)
        await refuses(layerPolicy(world, layer), expected)
        await refuses(removeFromLayer(world, layer, 'one'), expected)
      },
    },
  ],
}

function add(world: World, FunctionName: string, members: Partial<AddPermissionCommandInput> = {}) {
  const statement = { StatementId: 'one', Action: 'lambda:InvokeFunction', Principal: 's3.amazonaws.com' }
  return world.client.send(new AddPermissionCommand({ FunctionName, ...statement, ...members }))
}

function remove(world: World, FunctionName: string, StatementId: string, RevisionId?: string) {
  return world.client.send(
    new RemovePermissionCommand({ FunctionName, StatementId, ...(RevisionId && { RevisionId }) }),
  )
}

function policy(world: World, FunctionName: string, Qualifier?: string) {
  return world.client.send(new GetPolicyCommand({ FunctionName, ...(Qualifier && { Qualifier }) }))
}

async function published(world: World): Promise<string> {
  const name = await world.create('hello-node')
  await world.publish(name)
  await alias(world, name)
  return name
}

async function secondVersion(world: World, name: string): Promise<string> {
  await world.configure(name, { Timeout: 9 })
  return world.publish(name)
}

function alias(world: World, FunctionName: string) {
  return world.client.send(new CreateAliasCommand({ FunctionName, Name: 'live', FunctionVersion: '1' }))
}

async function publishLayer(world: World): Promise<string> {
  const LayerName = world.newName()
  const Content = { ZipFile: await world.zip('layer-lower') }
  await world.client.send(new PublishLayerVersionCommand({ LayerName, Content }))
  world.afterwards(() => world.client.send(new DeleteLayerVersionCommand({ LayerName, VersionNumber: 1 })))
  return LayerName
}

function addToLayer(world: World, LayerName: string, members: Partial<AddLayerVersionPermissionCommandInput> = {}) {
  return world.client.send(
    new AddLayerVersionPermissionCommand({
      ...{ LayerName, VersionNumber: 1, StatementId: 'one' },
      ...{ Action: 'lambda:GetLayerVersion', Principal: world.target.accountId },
      ...members,
    }),
  )
}

function removeFromLayer(world: World, LayerName: string, StatementId: string) {
  return world.client.send(new RemoveLayerVersionPermissionCommand({ LayerName, VersionNumber: 1, StatementId }))
}

function layerPolicy(world: World, LayerName: string) {
  return world.client.send(new GetLayerVersionPolicyCommand({ LayerName, VersionNumber: 1 }))
}
