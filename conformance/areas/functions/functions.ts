import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import {
  CreateFunctionCommand,
  DeleteFunctionCommand,
  GetFunctionCommand,
  ListFunctionsCommand,
  PublishVersionCommand,
  paginateListFunctions,
  type FunctionConfiguration,
} from '@aws-sdk/client-lambda'
import type { Area } from '../../case/case.ts'
import { badParameter, notFound, refuses } from '../../case/expect.ts'
import type { CaseContext } from '../../case/case-context.ts'

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const dateText = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000$/

/** Creating, reading, listing and deleting functions. */
export const functions: Area = {
  name: 'functions',
  cases: [
    {
      name: 'CreateFunction returns Pending with its reason and no LastUpdateStatus',
      run: async (lambda) => {
        const created = await lambda.client.send(new CreateFunctionCommand(await lambda.input('hello-node')))
        assert.equal(created.$metadata.httpStatusCode, 201)
        assert.equal(created.State, 'Pending')
        assert.equal(created.StateReason, 'The function is being created.')
        assert.equal(created.StateReasonCode, 'Creating')
        assert.equal(created.LastUpdateStatus, undefined)
        assert.equal(created.LastUpdateStatusReason, undefined)
      },
    },
    {
      name: 'a created function becomes Active and Successful, without reasons',
      run: async (lambda) => {
        const configuration = await lambda.configuration(await lambda.create('hello-node'))
        assert.equal(configuration.State, 'Active')
        assert.equal(configuration.LastUpdateStatus, 'Successful')
        assert.equal(configuration.StateReason, undefined)
        assert.equal(configuration.StateReasonCode, undefined)
        assert.equal(configuration.LastUpdateStatusReason, undefined)
        assert.equal(configuration.LastUpdateStatusReasonCode, undefined)
      },
    },
    {
      name: 'the configuration has the defaults of AWS',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        const configuration = await lambda.configuration(name)
        const { Timeout, MemorySize, Description, PackageType, Architectures, EphemeralStorage } = configuration
        const { TracingConfig, SnapStart, LoggingConfig } = configuration
        assert.deepEqual(
          {
            Timeout,
            MemorySize,
            Description,
            PackageType,
            Architectures,
            EphemeralStorage,
            TracingConfig,
            SnapStart,
            LoggingConfig,
          },
          {
            Timeout: 3,
            MemorySize: 128,
            Description: '',
            PackageType: 'Zip',
            Architectures: ['x86_64'],
            EphemeralStorage: { Size: 512 },
            TracingConfig: { Mode: 'PassThrough' },
            SnapStart: { ApplyOn: 'None', OptimizationStatus: 'Off' },
            LoggingConfig: { LogFormat: 'Text', LogGroup: `/aws/lambda/${name}` },
          },
        )
      },
    },
    {
      name: 'the configuration names the function, its code and its version',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        const zip = await lambda.zip('hello-node')
        const configuration = await lambda.configuration(name)
        assert.equal(configuration.FunctionName, name)
        assert.equal(configuration.FunctionArn, lambda.arn(name))
        assert.equal(configuration.Version, '$LATEST')
        assert.equal(configuration.Runtime, 'nodejs24.x')
        assert.equal(configuration.Handler, 'index.handler')
        assert.equal(configuration.Role, lambda.target.role)
        assert.equal(configuration.CodeSize, zip.length)
        assert.equal(configuration.CodeSha256, createHash('sha256').update(zip).digest('base64'))
        assert.match(configuration.RevisionId ?? '', uuid)
        assert.match(configuration.LastModified ?? '', dateText)
        assert.match(
          configuration.RuntimeVersionConfig?.RuntimeVersionArn ?? '',
          new RegExp(`^arn:aws:lambda:${lambda.target.region}::runtime:[0-9a-f]{64}$`),
        )
      },
    },
    {
      name: 'what was not set is left out of the configuration',
      run: async (lambda) => {
        const configuration = await lambda.configuration(await lambda.create('hello-node'))
        const unset: readonly (keyof FunctionConfiguration)[] = [
          'Environment',
          'Layers',
          'VpcConfig',
          'DeadLetterConfig',
          'KMSKeyArn',
          'FileSystemConfigs',
          'SigningJobArn',
          'SigningProfileVersionArn',
          'MasterArn',
          'ImageConfigResponse',
          'DurableConfig',
          'TenancyConfig',
          'CapacityProviderConfig',
        ]
        assert.deepEqual(
          unset.filter((member) => configuration[member] !== undefined),
          [],
        )
      },
    },
    {
      name: 'an empty Environment is kept as empty variables',
      run: async (lambda) => {
        const name = await lambda.create('hello-node', { Environment: { Variables: {} } })
        assert.deepEqual((await lambda.configuration(name)).Environment, { Variables: {} })
      },
    },
    {
      name: 'the configuration keeps what was set',
      run: async (lambda) => {
        const changes = {
          Description: 'a description',
          Timeout: 17,
          MemorySize: 192,
          EphemeralStorage: { Size: 1024 },
          Environment: { Variables: { FIRST: '1', SECOND: 'größer' } },
        }
        const configuration = await lambda.configuration(await lambda.create('hello-node', changes))
        const { Description, Timeout, MemorySize, EphemeralStorage, Environment } = configuration
        assert.deepEqual({ Description, Timeout, MemorySize, EphemeralStorage, Environment }, changes)
      },
    },
    {
      name: 'JSON logging brings the default levels',
      run: async (lambda) => {
        const name = await lambda.create('hello-node', { LoggingConfig: { LogFormat: 'JSON' } })
        const expected = {
          LogFormat: 'JSON',
          ApplicationLogLevel: 'INFO',
          SystemLogLevel: 'INFO',
          LogGroup: `/aws/lambda/${name}`,
        }
        assert.deepEqual((await lambda.configuration(name)).LoggingConfig, expected)
      },
    },
    {
      name: 'a log group alone keeps the text format',
      run: async (lambda) => {
        const name = await lambda.create('hello-node', { LoggingConfig: { LogGroup: '/custom/group' } })
        assert.deepEqual((await lambda.configuration(name)).LoggingConfig, {
          LogFormat: 'Text',
          LogGroup: '/custom/group',
        })
      },
    },
    {
      name: 'CreateFunction with Publish returns version 1 with the unqualified ARN',
      run: async (lambda) => {
        const input = await lambda.input('hello-node', { Publish: true })
        const created = await lambda.client.send(new CreateFunctionCommand(input))
        assert.equal(created.Version, '1')
        assert.equal(created.FunctionArn, lambda.arn(input.FunctionName ?? ''))
        await lambda.waitActive(input.FunctionName ?? '')
        const published = await lambda.configuration(input.FunctionName ?? '', '1')
        assert.equal(published.FunctionArn, lambda.arn(input.FunctionName ?? '', '1'))
      },
    },
    {
      name: 'creating a function under a name that exists is a conflict',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        const again = lambda.client.send(
          new CreateFunctionCommand(await lambda.input('hello-node', { FunctionName: name })),
        )
        await refuses(again, { status: 409, name: 'ResourceConflictException' })
      },
    },
    {
      name: 'GetFunction returns a location from which the zip can be downloaded',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        const { Code, Tags, Concurrency } = await lambda.client.send(new GetFunctionCommand({ FunctionName: name }))
        assert.equal(Code?.RepositoryType, 'S3')
        assert.equal(Tags, undefined)
        assert.equal(Concurrency, undefined)
        const download = await fetch(Code.Location ?? '')
        assert.equal(download.status, 200)
        assert.deepEqual(Buffer.from(await download.arrayBuffer()), await lambda.zip('hello-node'))
      },
    },
    {
      name: 'GetFunction shows the tags given at creation',
      run: async (lambda) => {
        const name = await lambda.create('hello-node', { Tags: { team: 'orders' } })
        assert.deepEqual((await lambda.client.send(new GetFunctionCommand({ FunctionName: name }))).Tags, {
          team: 'orders',
        })
      },
    },
    {
      name: 'GetFunction returns the requested qualifier in the ARN',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        await lambda.publish(name)
        for (const qualifier of ['$LATEST', '1']) {
          const { Configuration } = await lambda.client.send(
            new GetFunctionCommand({ FunctionName: name, Qualifier: qualifier }),
          )
          assert.equal(Configuration?.FunctionArn, lambda.arn(name, qualifier))
          assert.equal(Configuration.Version, qualifier)
        }
      },
    },
    {
      name: 'GetFunction and GetFunctionConfiguration of an unknown function name the unqualified ARN',
      run: async (lambda) => {
        const name = lambda.newName()
        const expected = notFound(`Function not found: ${lambda.arn(name)}`)
        await refuses(lambda.client.send(new GetFunctionCommand({ FunctionName: name })), expected)
        await refuses(lambda.configuration(name), expected)
      },
    },
    {
      name: 'GetFunction of an unknown qualifier names it',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        for (const qualifier of ['7', 'live']) {
          const call = lambda.client.send(new GetFunctionCommand({ FunctionName: name, Qualifier: qualifier }))
          await refuses(call, notFound(`Function not found: ${lambda.arn(name, qualifier)}`))
        }
      },
    },
    {
      name: 'ListFunctions shows $LATEST without states and runtime version',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        const item = (await listAll(lambda)).find(({ FunctionName }) => FunctionName === name)
        assert.equal(item?.FunctionArn, lambda.arn(name))
        assert.equal(item.Version, '$LATEST')
        assert.deepEqual(
          [item.State, item.StateReason, item.LastUpdateStatus, item.RuntimeVersionConfig],
          [undefined, undefined, undefined, undefined],
        )
      },
    },
    {
      name: 'ListFunctions with FunctionVersion ALL shows every version with its qualified ARN',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        await lambda.publish(name)
        const items = (await listAll(lambda, 'ALL')).filter(({ FunctionName }) => FunctionName === name)
        assert.deepEqual(items.map(({ FunctionArn }) => FunctionArn).sort(), [
          lambda.arn(name, '$LATEST'),
          lambda.arn(name, '1'),
        ])
      },
    },
    {
      name: 'ListFunctions pages by MaxItems and Marker',
      run: async (lambda) => {
        const mine = [await lambda.create('hello-node'), await lambda.create('hello-node')]
        const first = await lambda.client.send(new ListFunctionsCommand({ MaxItems: 1 }))
        assert.equal(first.Functions?.length, 1)
        assert.ok(first.NextMarker)
        const seen = first.Functions.map(({ FunctionName }) => FunctionName)
        for await (const page of paginateListFunctions(
          { client: lambda.client, startingToken: first.NextMarker },
          {},
        )) {
          seen.push(...(page.Functions ?? []).map(({ FunctionName }) => FunctionName))
        }
        for (const name of mine) assert.equal(seen.filter((other) => other === name).length, 1)
        const whole = await lambda.client.send(new ListFunctionsCommand({ MaxItems: 10000 }))
        assert.ok((whole.Functions?.length ?? 0) <= 50)
      },
    },
    {
      name: 'DeleteFunction returns 204 and the function is gone',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        const deleted = await lambda.client.send(new DeleteFunctionCommand({ FunctionName: name }))
        assert.equal(deleted.$metadata.httpStatusCode, 204)
        await refuses(lambda.configuration(name), notFound(`Function not found: ${lambda.arn(name)}`))
      },
    },
    {
      name: 'DeleteFunction of an unknown function does not name the qualifier',
      run: async (lambda) => {
        const name = lambda.newName()
        const expected = notFound(`Function not found: ${lambda.arn(name)}`)
        await refuses(lambda.client.send(new DeleteFunctionCommand({ FunctionName: name })), expected)
        await refuses(lambda.client.send(new DeleteFunctionCommand({ FunctionName: name, Qualifier: '1' })), expected)
      },
    },
    {
      name: 'DeleteFunction refuses $LATEST and aliases as qualifier',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        const latest = lambda.client.send(new DeleteFunctionCommand({ FunctionName: name, Qualifier: '$LATEST' }))
        await refuses(latest, badParameter('$LATEST version cannot be deleted without deleting the function.'))
        const alias = lambda.client.send(new DeleteFunctionCommand({ FunctionName: name, Qualifier: 'live' }))
        await refuses(alias, badParameter('Deletion of aliases is not currently supported.'))
      },
    },
    {
      name: 'DeleteFunction with a version deletes that version only, and again is 204',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        await lambda.client.send(new PublishVersionCommand({ FunctionName: name }))
        const deleteFirst = new DeleteFunctionCommand({ FunctionName: name, Qualifier: '1' })
        assert.equal((await lambda.client.send(deleteFirst)).$metadata.httpStatusCode, 204)
        await refuses(lambda.configuration(name, '1'), notFound(`Function not found: ${lambda.arn(name, '1')}`))
        assert.equal((await lambda.client.send(deleteFirst)).$metadata.httpStatusCode, 204)
        assert.equal((await lambda.configuration(name)).FunctionName, name)
      },
    },
    {
      name: 'a name can be used again after its function is deleted',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        await lambda.client.send(new DeleteFunctionCommand({ FunctionName: name }))
        await lambda.create('echo-node', { FunctionName: name })
        assert.equal((await lambda.invoke(name, { again: true })).text, '{"again":true}')
      },
    },
  ],
}

async function listAll(lambda: CaseContext, version?: 'ALL'): Promise<FunctionConfiguration[]> {
  const found: FunctionConfiguration[] = []
  const input = version ? { FunctionVersion: version } : {}
  for await (const page of paginateListFunctions({ client: lambda.client }, input))
    found.push(...(page.Functions ?? []))
  return found
}
