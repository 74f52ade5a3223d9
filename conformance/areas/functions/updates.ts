import assert from 'node:assert/strict'
import { UpdateFunctionCodeCommand, UpdateFunctionConfigurationCommand } from '@aws-sdk/client-lambda'
import { Skipped, type Area } from '../../case/case.ts'
import { answers, badParameter, conflict, refuses } from '../../case/expect.ts'

const staleRevision = {
  status: 412,
  name: 'PreconditionFailedException',
  message:
    'The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id',
}
const unknownRevision = '11111111-2222-3333-4444-555555555555'

/** Updates of code and configuration. */
export const updates: Area = {
  name: 'updates',
  cases: [
    {
      name: 'UpdateFunctionConfiguration returns InProgress with the reason of a creation',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        const updated = await lambda.client.send(
          new UpdateFunctionConfigurationCommand({ FunctionName: name, Timeout: 5 }),
        )
        assert.equal(updated.$metadata.httpStatusCode, 200)
        assert.equal(updated.State, 'Active')
        assert.equal(updated.LastUpdateStatus, 'InProgress')
        assert.equal(updated.LastUpdateStatusReason, 'The function is being created.')
        assert.equal(updated.LastUpdateStatusReasonCode, 'Creating')
        await lambda.waitUpdated(name)
        const { LastUpdateStatus, LastUpdateStatusReason, Timeout } = await lambda.configuration(name)
        assert.deepEqual(
          { LastUpdateStatus, LastUpdateStatusReason, Timeout },
          {
            LastUpdateStatus: 'Successful',
            LastUpdateStatusReason: undefined,
            Timeout: 5,
          },
        )
      },
    },
    {
      name: 'UpdateFunctionCode returns InProgress and the new code runs afterwards',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        answers(await lambda.invoke(name, { is: 'new' }), { message: 'hello' })
        const zip = await lambda.zip('echo-node')
        const updated = await lambda.client.send(new UpdateFunctionCodeCommand({ FunctionName: name, ZipFile: zip }))
        assert.equal(updated.LastUpdateStatus, 'InProgress')
        assert.equal(updated.CodeSize, zip.length)
        await lambda.waitUpdated(name)
        answers(await lambda.invoke(name, { is: 'new' }), { is: 'new' })
      },
    },
    {
      name: 'a second update while one is in progress is a conflict',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        const text = `The operation cannot be performed at this time. An update is in progress for resource: ${lambda.arn(name)}`
        // An endpoint may be done before the second update comes, so several are sent at once.
        for (let turn = 0; turn < 5; turn += 1) {
          const calls = [5, 6, 7, 8].map((seconds) =>
            lambda.client.send(new UpdateFunctionConfigurationCommand({ FunctionName: name, Timeout: seconds })),
          )
          const settled = await Promise.allSettled(calls)
          await lambda.waitUpdated(name)
          const refused = calls.find((_, index) => settled[index]?.status === 'rejected')
          if (refused) return refuses(refused, conflict(text))
        }
        throw new Skipped('each update was over before the next one came')
      },
    },
    {
      name: 'UpdateFunctionCode with Publish describes the new version',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        const zip = await lambda.zip('echo-node')
        const updated = await lambda.client.send(
          new UpdateFunctionCodeCommand({ FunctionName: name, ZipFile: zip, Publish: true }),
        )
        assert.equal(updated.FunctionArn, lambda.arn(name, '1'))
        assert.equal(updated.Version, '1')
        assert.equal(updated.State, 'Pending')
        assert.equal(updated.StateReasonCode, 'Creating')
        assert.equal(updated.LastUpdateStatus, undefined)
      },
    },
    {
      name: 'UpdateFunctionCode with DryRun returns the configuration and changes nothing',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        const before = await lambda.configuration(name)
        const zip = await lambda.zip('echo-node')
        await lambda.client.send(new UpdateFunctionCodeCommand({ FunctionName: name, ZipFile: zip, DryRun: true }))
        const after = await lambda.configuration(name)
        assert.equal(after.CodeSha256, before.CodeSha256)
        assert.equal(after.RevisionId, before.RevisionId)
      },
    },
    {
      name: 'every update gives a new RevisionId, also one that changes nothing',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        const before = await lambda.configuration(name)
        await lambda.configure(name, { Timeout: before.Timeout })
        const after = await lambda.configuration(name)
        assert.notEqual(after.RevisionId, before.RevisionId)
        assert.notEqual(after.LastModified, before.LastModified)
      },
    },
    {
      name: 'the RevisionId of an update changes once more when the update is complete',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        const updated = await lambda.client.send(
          new UpdateFunctionConfigurationCommand({ FunctionName: name, Timeout: 5 }),
        )
        await lambda.waitUpdated(name)
        assert.notEqual((await lambda.configuration(name)).RevisionId, updated.RevisionId)
      },
    },
    {
      name: 'an outdated RevisionId fails the precondition, for code and configuration',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        const guard = { FunctionName: name, RevisionId: unknownRevision }
        await refuses(
          lambda.client.send(new UpdateFunctionConfigurationCommand({ ...guard, Timeout: 5 })),
          staleRevision,
        )
        const code = new UpdateFunctionCodeCommand({ ...guard, ZipFile: await lambda.zip('echo-node') })
        await refuses(lambda.client.send(code), staleRevision)
      },
    },
    {
      name: 'the latest RevisionId lets the update pass',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        const { RevisionId } = await lambda.configuration(name)
        await lambda.configure(name, { Timeout: 9, RevisionId })
        assert.equal((await lambda.configuration(name)).Timeout, 9)
      },
    },
    {
      name: 'absent members are kept, empty variables clear the environment',
      run: async (lambda) => {
        const name = await lambda.create('hello-node', {
          Description: 'kept',
          Environment: { Variables: { KEY_ONE: 'one' } },
        })
        await lambda.configure(name, { MemorySize: 256 })
        const changed = await lambda.configuration(name)
        assert.equal(changed.Description, 'kept')
        assert.deepEqual(changed.Environment, { Variables: { KEY_ONE: 'one' } })
        await lambda.configure(name, { Environment: { Variables: {} } })
        // Terraform plans a change for ever where an empty map is left.
        assert.equal((await lambda.configuration(name)).Environment, undefined)
      },
    },
    {
      name: 'back to text logging drops the levels',
      run: async (lambda) => {
        const name = await lambda.create('hello-node', { LoggingConfig: { LogFormat: 'JSON' } })
        await lambda.configure(name, { LoggingConfig: { LogFormat: 'Text' } })
        assert.deepEqual((await lambda.configuration(name)).LoggingConfig, {
          LogFormat: 'Text',
          LogGroup: `/aws/lambda/${name}`,
        })
      },
    },
    {
      name: 'the next invocation sees a changed environment variable',
      run: async (lambda) => {
        const name = await lambda.create('misbehave-node', { Environment: { Variables: { COLOUR: 'red' } } })
        const ask = { do: 'environment', names: ['COLOUR'] }
        answers(await lambda.invoke(name, ask), { COLOUR: 'red' })
        await lambda.configure(name, { Environment: { Variables: { COLOUR: 'blue' } } })
        answers(await lambda.invoke(name, ask), { COLOUR: 'blue' })
      },
    },
    {
      name: 'the next invocation runs a changed handler and runtime',
      run: async (lambda) => {
        const name = await lambda.create('callback', { Handler: 'index.succeed' })
        answers(await lambda.invoke(name, 1), { succeeded: 1 })
        await lambda.configure(name, { Handler: 'index.done' })
        answers(await lambda.invoke(name, 1), { done: 1 })
      },
    },
    {
      name: 'an invocation that runs during a code update finishes on the old code',
      run: async (lambda) => {
        const name = await lambda.create('misbehave-node', { Timeout: 20 })
        await lambda.invoke(name, { do: 'count' })
        const running = lambda.invoke(name, { do: 'sleep', ms: 2500 })
        await lambda.updateCode(name, 'echo-node')
        answers(await lambda.invoke(name, { new: 'code' }), { new: 'code' })
        answers(await running, { slept: 2500 })
      },
    },
    {
      name: 'variables of more than 4 KB are refused with what was measured',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        const variables = { BIG_ONE: 'x'.repeat(4200) }
        const call = lambda.client.send(
          new UpdateFunctionConfigurationCommand({ FunctionName: name, Environment: { Variables: variables } }),
        )
        const text =
          'Lambda was unable to configure your environment variables because the environment variables you have provided exceeded ' +
          `the 4KB limit. String measured: ${JSON.stringify(variables)}`
        await refuses(call, badParameter(text))
      },
    },
    {
      name: 'an image is not accepted for a zip function',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        const uri = `${lambda.target.accountId}.dkr.ecr.${lambda.target.region}.amazonaws.com/image:latest`
        const call = lambda.client.send(new UpdateFunctionCodeCommand({ FunctionName: name, ImageUri: uri }))
        await refuses(
          call,
          badParameter("Please don't provide ImageUri when updating a function with packageType Zip."),
        )
      },
    },
    {
      name: 'updating an unknown function is not found',
      run: async (lambda) => {
        const name = lambda.newName()
        const expected = {
          status: 404,
          name: 'ResourceNotFoundException',
          message: `Function not found: ${lambda.arn(name)}`,
        }
        await refuses(
          lambda.client.send(new UpdateFunctionConfigurationCommand({ FunctionName: name, Timeout: 5 })),
          expected,
        )
      },
    },
  ],
}
