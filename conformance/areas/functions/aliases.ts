import assert from 'node:assert/strict'
import {
  CreateAliasCommand,
  DeleteAliasCommand,
  GetAliasCommand,
  GetFunctionCommand,
  ListAliasesCommand,
  UpdateAliasCommand,
} from '@aws-sdk/client-lambda'
import { Skipped, type Area } from '../../case/case.ts'
import { badParameter, conflict, notFound, refuses, valueOf } from '../../case/expect.ts'
import type { CaseContext } from '../../case/case-context.ts'

/** Aliases and weighted routing. */
export const aliases: Area = {
  name: 'aliases',
  cases: [
    {
      name: 'CreateAlias returns 201 with an empty description and no routing',
      run: async (lambda) => {
        const name = await twoVersions(lambda)
        const created = await lambda.client.send(
          new CreateAliasCommand({ FunctionName: name, Name: 'live', FunctionVersion: '1' }),
        )
        const { AliasArn, Name, FunctionVersion, Description, RoutingConfig } = created
        assert.equal(created.$metadata.httpStatusCode, 201)
        assert.deepEqual(
          { AliasArn, Name, FunctionVersion, Description, RoutingConfig },
          {
            AliasArn: lambda.arn(name, 'live'),
            Name: 'live',
            FunctionVersion: '1',
            Description: '',
            RoutingConfig: undefined,
          },
        )
        assert.match(created.RevisionId ?? '', /^[0-9a-f-]{36}$/)
      },
    },
    {
      name: 'an empty routing configuration means no routing',
      run: async (lambda) => {
        const name = await twoVersions(lambda)
        await alias(lambda, name, { RoutingConfig: {} })
        assert.equal((await get(lambda, name)).RoutingConfig, undefined)
      },
    },
    {
      name: 'an alias that exists is a conflict',
      run: async (lambda) => {
        const name = await twoVersions(lambda)
        await alias(lambda, name, {})
        await refuses(alias(lambda, name, {}), conflict(`Alias already exists: ${lambda.arn(name, 'live')}`))
      },
    },
    {
      name: 'an unknown alias cannot be found by get and update, and its deletion is 204',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        const key = { FunctionName: name, Name: 'none' }
        const arn = lambda.arn(name, 'none')
        await refuses(lambda.client.send(new GetAliasCommand(key)), notFound(`Cannot find alias arn: ${arn}`))
        await refuses(lambda.client.send(new UpdateAliasCommand(key)), notFound(`Alias not found: ${arn}`))
        assert.equal((await lambda.client.send(new DeleteAliasCommand(key))).$metadata.httpStatusCode, 204)
      },
    },
    {
      name: 'an alias of an unknown version is not found',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        await refuses(
          alias(lambda, name, { FunctionVersion: '10' }),
          notFound(`Function not found: ${lambda.arn(name, '10')}`),
        )
      },
    },
    {
      name: 'an alias may point to $LATEST, but not with routing',
      run: async (lambda) => {
        const name = await twoVersions(lambda)
        await alias(lambda, name, { FunctionVersion: '$LATEST', Name: 'edge' })
        await refuses(
          alias(lambda, name, {
            FunctionVersion: '$LATEST',
            RoutingConfig: { AdditionalVersionWeights: { '1': 0.5 } },
          }),
          badParameter('$LATEST is not supported for an alias pointing to more than 1 version'),
        )
      },
    },
    {
      name: 'routing to two further versions, to the same or to an unknown version is refused',
      run: async (lambda) => {
        const name = await twoVersions(lambda)
        await refuses(
          alias(lambda, name, { RoutingConfig: { AdditionalVersionWeights: { '1': 0.2, '2': 0.2 } } }),
          badParameter('Number of items in AdditionalVersionWeights cannot be greater than 1'),
        )
        await refuses(
          alias(lambda, name, { RoutingConfig: { AdditionalVersionWeights: { '1': 0.5 } } }),
          badParameter('Invalid function version 1. Function version 1 is already included in routing configuration.'),
        )
        await refuses(
          alias(lambda, name, { RoutingConfig: { AdditionalVersionWeights: { '10': 0.5 } } }),
          notFound(`Function not found: ${lambda.arn(name, '10')}`),
        )
      },
    },
    {
      name: 'two versions of one alias have the same role',
      run: async (lambda) => {
        if (lambda.target.isAws) throw new Skipped('it would take a second role')
        const name = await twoVersions(lambda)
        await lambda.configure(name, { Role: `${lambda.target.role}-other` })
        await lambda.publish(name)
        await refuses(
          alias(lambda, name, { RoutingConfig: { AdditionalVersionWeights: { '3': 0.5 } } }),
          badParameter('Specified versions must be associated with the same execution role'),
        )
      },
    },
    {
      name: 'UpdateAlias changes only the given settings, and empty weights remove the routing',
      run: async (lambda) => {
        const name = await twoVersions(lambda)
        await alias(lambda, name, { Description: 'kept', RoutingConfig: { AdditionalVersionWeights: { '2': 0.25 } } })
        const before = await get(lambda, name)
        assert.deepEqual(before.RoutingConfig, { AdditionalVersionWeights: { '2': 0.25 } })
        const key = { FunctionName: name, Name: 'live' }
        const updated = await lambda.client.send(
          new UpdateAliasCommand({ ...key, FunctionVersion: '2', RoutingConfig: { AdditionalVersionWeights: {} } }),
        )
        assert.equal(updated.FunctionVersion, '2')
        assert.equal(updated.Description, 'kept')
        assert.equal(updated.RoutingConfig, undefined)
        assert.notEqual(updated.RevisionId, before.RevisionId)
      },
    },
    {
      // As Terraform takes routing away; it waits until no weights are left.
      name: 'UpdateAlias with an empty routing configuration removes the routing',
      run: async (lambda) => {
        const name = await twoVersions(lambda)
        await alias(lambda, name, { RoutingConfig: { AdditionalVersionWeights: { '2': 0.25 } } })
        const key = { FunctionName: name, Name: 'live' }
        await lambda.client.send(new UpdateAliasCommand({ ...key, RoutingConfig: {} }))
        assert.equal((await get(lambda, name)).RoutingConfig, undefined)
      },
    },
    {
      name: 'UpdateAlias refuses an outdated RevisionId',
      run: async (lambda) => {
        const name = await twoVersions(lambda)
        await alias(lambda, name, {})
        const call = lambda.client.send(
          new UpdateAliasCommand({
            FunctionName: name,
            Name: 'live',
            RevisionId: '11111111-2222-3333-4444-555555555555',
          }),
        )
        await refuses(call, {
          status: 412,
          name: 'PreconditionFailedException',
          message:
            'The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id',
        })
      },
    },
    {
      name: 'creating an alias does not change the RevisionId of the function',
      run: async (lambda) => {
        const name = await twoVersions(lambda)
        const before = await lambda.configuration(name)
        await alias(lambda, name, {})
        assert.equal((await lambda.configuration(name)).RevisionId, before.RevisionId)
      },
    },
    {
      name: 'ListAliases is sorted by name and filters by the main version',
      run: async (lambda) => {
        const name = await twoVersions(lambda)
        await alias(lambda, name, { Name: 'zebra' })
        await alias(lambda, name, { Name: 'apple', FunctionVersion: '2' })
        await alias(lambda, name, { Name: 'mixed', RoutingConfig: { AdditionalVersionWeights: { '2': 0.5 } } })
        const all = await lambda.client.send(new ListAliasesCommand({ FunctionName: name }))
        assert.deepEqual(
          all.Aliases?.map(({ Name }) => Name),
          ['apple', 'mixed', 'zebra'],
        )
        const second = await lambda.client.send(new ListAliasesCommand({ FunctionName: name, FunctionVersion: '2' }))
        assert.deepEqual(
          second.Aliases?.map(({ Name }) => Name),
          ['apple'],
        )
      },
    },
    {
      name: 'ListAliases pages by MaxItems and Marker',
      run: async (lambda) => {
        const name = await twoVersions(lambda)
        for (const each of ['one', 'two', 'six']) await alias(lambda, name, { Name: each })
        const first = await lambda.client.send(new ListAliasesCommand({ FunctionName: name, MaxItems: 2 }))
        assert.equal(first.Aliases?.length, 2)
        const rest = await lambda.client.send(new ListAliasesCommand({ FunctionName: name, Marker: first.NextMarker }))
        assert.deepEqual([rest.Aliases?.length, rest.NextMarker], [1, undefined])
      },
    },
    {
      name: 'DeleteAlias returns 204 and the alias is gone',
      run: async (lambda) => {
        const name = await twoVersions(lambda)
        await alias(lambda, name, {})
        const deleted = await lambda.client.send(new DeleteAliasCommand({ FunctionName: name, Name: 'live' }))
        assert.equal(deleted.$metadata.httpStatusCode, 204)
        await refuses(get(lambda, name), notFound(`Cannot find alias arn: ${lambda.arn(name, 'live')}`))
      },
    },
    {
      name: 'GetFunction of an alias has the alias in the ARN and the version behind it',
      run: async (lambda) => {
        const name = await twoVersions(lambda)
        await alias(lambda, name, {})
        const { Configuration } = await lambda.client.send(
          new GetFunctionCommand({ FunctionName: name, Qualifier: 'live' }),
        )
        assert.equal(Configuration?.FunctionArn, lambda.arn(name, 'live'))
        assert.equal(Configuration.Version, '1')
        assert.equal(Configuration.RevisionId, (await lambda.configuration(name, '1')).RevisionId)
      },
    },
    {
      name: 'invoking an alias runs its version under the ARN of the alias',
      run: async (lambda) => {
        const name = await lambda.create('context-node')
        await lambda.publish(name)
        await alias(lambda, name, {})
        const answer = await lambda.invoke(name, {}, { Qualifier: 'live' })
        const context = valueOf<{ invokedFunctionArn: string; functionVersion: string }>(answer)
        assert.equal(answer.executedVersion, '1')
        assert.equal(context.invokedFunctionArn, lambda.arn(name, 'live'))
        assert.equal(context.functionVersion, '1')
      },
    },
    {
      name: 'an alias that is moved runs the other version at the next invocation',
      run: async (lambda) => {
        const name = await twoVersions(lambda)
        await alias(lambda, name, {})
        assert.equal((await lambda.invoke(name, {}, { Qualifier: 'live' })).executedVersion, '1')
        await lambda.client.send(new UpdateAliasCommand({ FunctionName: name, Name: 'live', FunctionVersion: '2' }))
        const answer = await eventually(
          () => lambda.invoke(name, {}, { Qualifier: 'live' }),
          ({ executedVersion }) => executedVersion === '2',
        )
        assert.equal(answer.executedVersion, '2')
      },
    },
    {
      name: 'a weight of 1.0 sends all invocations to the additional version, 0.5 about half',
      run: async (lambda) => {
        const name = await twoVersions(lambda)
        await alias(lambda, name, { RoutingConfig: { AdditionalVersionWeights: { '2': 1 } } })
        assert.deepEqual(await versionsOf(lambda, name, 6), { '2': 6 })
        await alias(lambda, name, { Name: 'half', RoutingConfig: { AdditionalVersionWeights: { '2': 0.5 } } })
        const seen = await versionsOf(lambda, name, 40, 'half')
        // Outside these bounds once in a million runs.
        assert.ok((seen['1'] ?? 0) >= 5 && (seen['2'] ?? 0) >= 5, JSON.stringify(seen))
      },
    },
  ],
}

async function twoVersions(lambda: CaseContext): Promise<string> {
  const name = await lambda.create('hello-node')
  await lambda.publish(name)
  await lambda.configure(name, { Timeout: 7 })
  await lambda.publish(name)
  return name
}

function alias(
  lambda: CaseContext,
  name: string,
  changes: Partial<ConstructorParameters<typeof CreateAliasCommand>[0]>,
): Promise<unknown> {
  return lambda.client.send(
    new CreateAliasCommand({ FunctionName: name, Name: 'live', FunctionVersion: '1', ...changes }),
  )
}

function get(lambda: CaseContext, name: string) {
  return lambda.client.send(new GetAliasCommand({ FunctionName: name, Name: 'live' }))
}

async function versionsOf(
  lambda: CaseContext,
  name: string,
  times: number,
  qualifier = 'live',
): Promise<Record<string, number>> {
  const seen: Record<string, number> = {}
  for (let turn = 0; turn < times; turn += 1) {
    const { executedVersion } = await lambda.invoke(name, {}, { Qualifier: qualifier })
    seen[executedVersion ?? ''] = (seen[executedVersion ?? ''] ?? 0) + 1
  }
  return seen
}

/** AWS needs a moment until a moved alias is known everywhere. */
async function eventually<Value>(ask: () => Promise<Value>, isRight: (value: Value) => boolean): Promise<Value> {
  const deadline = Date.now() + 15_000
  for (;;) {
    const value = await ask()
    if (isRight(value) || Date.now() > deadline) return value
  }
}
