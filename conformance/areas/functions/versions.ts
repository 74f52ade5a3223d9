import assert from 'node:assert/strict'
import { DeleteFunctionCommand, ListVersionsByFunctionCommand, PublishVersionCommand } from '@aws-sdk/client-lambda'
import type { Area } from '../../case/case.ts'
import { answers, badParameter, notFound, refuses } from '../../case/expect.ts'

/** Published versions. */
export const versions: Area = {
  name: 'versions',
  cases: [
    {
      name: 'PublishVersion returns 201 with an active version and its qualified ARN',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        const published = await lambda.client.send(
          new PublishVersionCommand({ FunctionName: name, Description: 'first' }),
        )
        assert.equal(published.$metadata.httpStatusCode, 201)
        assert.equal(published.Version, '1')
        assert.equal(published.FunctionArn, lambda.arn(name, '1'))
        assert.equal(published.State, 'Active')
        assert.equal(published.LastUpdateStatus, 'Successful')
        assert.equal(published.Description, 'first')
      },
    },
    {
      name: 'publishing without a change returns the existing version, 201, and ignores the description',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        await lambda.publish(name, 'first')
        const again = await lambda.client.send(new PublishVersionCommand({ FunctionName: name, Description: 'second' }))
        assert.equal(again.$metadata.httpStatusCode, 201)
        assert.equal(again.Version, '1')
        assert.equal(again.Description, 'first')
      },
    },
    {
      name: 'a change of configuration alone makes a new version',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        assert.equal(await lambda.publish(name), '1')
        await lambda.configure(name, { Timeout: 7 })
        assert.equal(await lambda.publish(name), '2')
        assert.equal((await lambda.configuration(name, '1')).Timeout, 3)
        assert.equal((await lambda.configuration(name, '2')).Timeout, 7)
      },
    },
    {
      name: 'version numbers are not used again after a version is deleted',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        await lambda.publish(name)
        await lambda.client.send(new DeleteFunctionCommand({ FunctionName: name, Qualifier: '1' }))
        await lambda.configure(name, { Timeout: 7 })
        assert.equal(await lambda.publish(name), '2')
      },
    },
    {
      name: 'publishing gives the version a RevisionId of its own and $LATEST a new one',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        const before = await lambda.configuration(name)
        await lambda.publish(name)
        const [latest, version] = [await lambda.configuration(name), await lambda.configuration(name, '1')]
        assert.notEqual(latest.RevisionId, before.RevisionId)
        assert.notEqual(version.RevisionId, latest.RevisionId)
      },
    },
    {
      name: 'publishing without a change keeps the RevisionIds',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        await lambda.publish(name)
        const before = await lambda.configuration(name)
        await lambda.publish(name)
        assert.equal((await lambda.configuration(name)).RevisionId, before.RevisionId)
      },
    },
    {
      name: 'PublishVersion refuses another CodeSha256 than the current one',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        const { CodeSha256 } = await lambda.configuration(name)
        const given = 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA='
        const text = `CodeSHA256 (${given}) is different from current CodeSHA256 in $LATEST (${CodeSha256 ?? ''}). Please try again with the CodeSHA256 in $LATEST.`
        await refuses(
          lambda.client.send(new PublishVersionCommand({ FunctionName: name, CodeSha256: given })),
          badParameter(text),
        )
      },
    },
    {
      name: 'PublishVersion refuses an outdated RevisionId',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        const call = lambda.client.send(
          new PublishVersionCommand({ FunctionName: name, RevisionId: '11111111-2222-3333-4444-555555555555' }),
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
      name: 'ListVersionsByFunction shows $LATEST and the versions with qualified ARNs and without states',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        await lambda.publish(name)
        await lambda.configure(name, { Timeout: 7 })
        await lambda.publish(name)
        const { Versions } = await lambda.client.send(new ListVersionsByFunctionCommand({ FunctionName: name }))
        assert.deepEqual(
          Versions?.map(({ FunctionArn, State, LastUpdateStatus, RuntimeVersionConfig }) => [
            FunctionArn,
            State,
            LastUpdateStatus,
            RuntimeVersionConfig,
          ]),
          ['$LATEST', '1', '2'].map((version) => [lambda.arn(name, version), undefined, undefined, undefined]),
        )
      },
    },
    {
      name: 'ListVersionsByFunction pages by MaxItems and Marker',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        await lambda.publish(name)
        const first = await lambda.client.send(new ListVersionsByFunctionCommand({ FunctionName: name, MaxItems: 1 }))
        assert.equal(first.Versions?.length, 1)
        assert.ok(first.NextMarker)
        const rest = await lambda.client.send(
          new ListVersionsByFunctionCommand({ FunctionName: name, Marker: first.NextMarker }),
        )
        assert.deepEqual(
          rest.Versions?.map(({ Version }) => Version),
          ['1'],
        )
        assert.equal(rest.NextMarker, undefined)
      },
    },
    {
      name: 'ListVersionsByFunction of an unknown function is not found',
      run: async (lambda) => {
        const name = lambda.newName()
        const call = lambda.client.send(new ListVersionsByFunctionCommand({ FunctionName: name }))
        await refuses(call, notFound(`Function not found: ${lambda.arn(name)}`))
      },
    },
    {
      name: 'a published version keeps its own code and variables',
      run: async (lambda) => {
        const name = await lambda.create('misbehave-node', { Environment: { Variables: { COLOUR: 'red' } } })
        await lambda.publish(name)
        await lambda.configure(name, { Environment: { Variables: { COLOUR: 'blue' } } })
        const ask = { do: 'environment', names: ['COLOUR', 'AWS_LAMBDA_FUNCTION_VERSION'] }
        answers(await lambda.invoke(name, ask), { COLOUR: 'blue', AWS_LAMBDA_FUNCTION_VERSION: '$LATEST' })
        const old = await lambda.invoke(name, ask, { Qualifier: '1' })
        answers(old, { COLOUR: 'red', AWS_LAMBDA_FUNCTION_VERSION: '1' })
        assert.equal(old.executedVersion, '1')
        await lambda.updateCode(name, 'echo-node')
        answers(await lambda.invoke(name, ask), ask)
        answers(await lambda.invoke(name, ask, { Qualifier: '1' }), { COLOUR: 'red', AWS_LAMBDA_FUNCTION_VERSION: '1' })
      },
    },
    {
      name: 'versions do not share environments',
      run: async (lambda) => {
        const name = await lambda.create('misbehave-node')
        await lambda.publish(name)
        answers(await lambda.invoke(name, { do: 'count' }), { calls: 1 })
        answers(await lambda.invoke(name, { do: 'count' }, { Qualifier: '1' }), { calls: 1 })
      },
    },
  ],
}
