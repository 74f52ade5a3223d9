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
import type { Area } from '../../world/case.ts'
import { badParameter, notFound, refuses } from '../../world/expect.ts'
import type { World } from '../../world/world.ts'

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const dateText = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000$/

/** Creating, reading, listing and deleting functions. */
export const functions: Area = {
  name: 'functions',
  cases: [
    {
      name: 'CreateFunction returns Pending with its reason and no LastUpdateStatus',
      run: async (world) => {
        const created = await world.client.send(new CreateFunctionCommand(await world.input('hello-node')))
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
      run: async (world) => {
        const configuration = await world.configuration(await world.create('hello-node'))
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
      run: async (world) => {
        const name = await world.create('hello-node')
        const configuration = await world.configuration(name)
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
      run: async (world) => {
        const name = await world.create('hello-node')
        const zip = await world.zip('hello-node')
        const configuration = await world.configuration(name)
        assert.equal(configuration.FunctionName, name)
        assert.equal(configuration.FunctionArn, world.arn(name))
        assert.equal(configuration.Version, '$LATEST')
        assert.equal(configuration.Runtime, 'nodejs24.x')
        assert.equal(configuration.Handler, 'index.handler')
        assert.equal(configuration.Role, world.target.role)
        assert.equal(configuration.CodeSize, zip.length)
        assert.equal(configuration.CodeSha256, createHash('sha256').update(zip).digest('base64'))
        assert.match(configuration.RevisionId ?? '', uuid)
        assert.match(configuration.LastModified ?? '', dateText)
        assert.match(
          configuration.RuntimeVersionConfig?.RuntimeVersionArn ?? '',
          new RegExp(`^arn:aws:lambda:${world.target.region}::runtime:[0-9a-f]{64}$`),
        )
      },
    },
    {
      name: 'what was not set is left out of the configuration',
      run: async (world) => {
        const configuration = await world.configuration(await world.create('hello-node'))
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
      run: async (world) => {
        const name = await world.create('hello-node', { Environment: { Variables: {} } })
        assert.deepEqual((await world.configuration(name)).Environment, { Variables: {} })
      },
    },
    {
      name: 'the configuration keeps what was set',
      run: async (world) => {
        const changes = {
          Description: 'a description',
          Timeout: 17,
          MemorySize: 192,
          EphemeralStorage: { Size: 1024 },
          Environment: { Variables: { FIRST: '1', SECOND: 'größer' } },
        }
        const configuration = await world.configuration(await world.create('hello-node', changes))
        const { Description, Timeout, MemorySize, EphemeralStorage, Environment } = configuration
        assert.deepEqual({ Description, Timeout, MemorySize, EphemeralStorage, Environment }, changes)
      },
    },
    {
      name: 'JSON logging brings the default levels',
      run: async (world) => {
        const name = await world.create('hello-node', { LoggingConfig: { LogFormat: 'JSON' } })
        const expected = {
          LogFormat: 'JSON',
          ApplicationLogLevel: 'INFO',
          SystemLogLevel: 'INFO',
          LogGroup: `/aws/lambda/${name}`,
        }
        assert.deepEqual((await world.configuration(name)).LoggingConfig, expected)
      },
    },
    {
      name: 'a log group alone keeps the text format',
      run: async (world) => {
        const name = await world.create('hello-node', { LoggingConfig: { LogGroup: '/custom/group' } })
        assert.deepEqual((await world.configuration(name)).LoggingConfig, {
          LogFormat: 'Text',
          LogGroup: '/custom/group',
        })
      },
    },
    {
      name: 'CreateFunction with Publish returns version 1 with the unqualified ARN',
      run: async (world) => {
        const input = await world.input('hello-node', { Publish: true })
        const created = await world.client.send(new CreateFunctionCommand(input))
        assert.equal(created.Version, '1')
        assert.equal(created.FunctionArn, world.arn(input.FunctionName ?? ''))
        await world.waitActive(input.FunctionName ?? '')
        const published = await world.configuration(input.FunctionName ?? '', '1')
        assert.equal(published.FunctionArn, world.arn(input.FunctionName ?? '', '1'))
      },
    },
    {
      name: 'creating a function under a name that exists is a conflict',
      run: async (world) => {
        const name = await world.create('hello-node')
        const again = world.client.send(
          new CreateFunctionCommand(await world.input('hello-node', { FunctionName: name })),
        )
        await refuses(again, { status: 409, name: 'ResourceConflictException' })
      },
    },
    {
      name: 'GetFunction returns a location from which the zip can be downloaded',
      run: async (world) => {
        const name = await world.create('hello-node')
        const { Code, Tags, Concurrency } = await world.client.send(new GetFunctionCommand({ FunctionName: name }))
        assert.equal(Code?.RepositoryType, 'S3')
        assert.equal(Tags, undefined)
        assert.equal(Concurrency, undefined)
        const download = await fetch(Code.Location ?? '')
        assert.equal(download.status, 200)
        assert.deepEqual(Buffer.from(await download.arrayBuffer()), await world.zip('hello-node'))
      },
    },
    {
      name: 'GetFunction shows the tags given at creation',
      run: async (world) => {
        const name = await world.create('hello-node', { Tags: { team: 'orders' } })
        assert.deepEqual((await world.client.send(new GetFunctionCommand({ FunctionName: name }))).Tags, {
          team: 'orders',
        })
      },
    },
    {
      name: 'GetFunction returns the requested qualifier in the ARN',
      run: async (world) => {
        const name = await world.create('hello-node')
        await world.publish(name)
        for (const qualifier of ['$LATEST', '1']) {
          const { Configuration } = await world.client.send(
            new GetFunctionCommand({ FunctionName: name, Qualifier: qualifier }),
          )
          assert.equal(Configuration?.FunctionArn, world.arn(name, qualifier))
          assert.equal(Configuration.Version, qualifier)
        }
      },
    },
    {
      name: 'GetFunction and GetFunctionConfiguration of an unknown function name the unqualified ARN',
      run: async (world) => {
        const name = world.newName()
        const expected = notFound(`Function not found: ${world.arn(name)}`)
        await refuses(world.client.send(new GetFunctionCommand({ FunctionName: name })), expected)
        await refuses(world.configuration(name), expected)
      },
    },
    {
      name: 'GetFunction of an unknown qualifier names it',
      run: async (world) => {
        const name = await world.create('hello-node')
        for (const qualifier of ['7', 'live']) {
          const call = world.client.send(new GetFunctionCommand({ FunctionName: name, Qualifier: qualifier }))
          await refuses(call, notFound(`Function not found: ${world.arn(name, qualifier)}`))
        }
      },
    },
    {
      name: 'ListFunctions shows $LATEST without states and runtime version',
      run: async (world) => {
        const name = await world.create('hello-node')
        const item = (await listAll(world)).find(({ FunctionName }) => FunctionName === name)
        assert.equal(item?.FunctionArn, world.arn(name))
        assert.equal(item.Version, '$LATEST')
        assert.deepEqual(
          [item.State, item.StateReason, item.LastUpdateStatus, item.RuntimeVersionConfig],
          [undefined, undefined, undefined, undefined],
        )
      },
    },
    {
      name: 'ListFunctions with FunctionVersion ALL shows every version with its qualified ARN',
      run: async (world) => {
        const name = await world.create('hello-node')
        await world.publish(name)
        const items = (await listAll(world, 'ALL')).filter(({ FunctionName }) => FunctionName === name)
        assert.deepEqual(items.map(({ FunctionArn }) => FunctionArn).sort(), [
          world.arn(name, '$LATEST'),
          world.arn(name, '1'),
        ])
      },
    },
    {
      name: 'ListFunctions pages by MaxItems and Marker',
      run: async (world) => {
        const mine = [await world.create('hello-node'), await world.create('hello-node')]
        const first = await world.client.send(new ListFunctionsCommand({ MaxItems: 1 }))
        assert.equal(first.Functions?.length, 1)
        assert.ok(first.NextMarker)
        const seen = first.Functions.map(({ FunctionName }) => FunctionName)
        for await (const page of paginateListFunctions({ client: world.client, startingToken: first.NextMarker }, {})) {
          seen.push(...(page.Functions ?? []).map(({ FunctionName }) => FunctionName))
        }
        for (const name of mine) assert.equal(seen.filter((other) => other === name).length, 1)
        const whole = await world.client.send(new ListFunctionsCommand({ MaxItems: 10000 }))
        assert.ok((whole.Functions?.length ?? 0) <= 50)
      },
    },
    {
      name: 'DeleteFunction returns 204 and the function is gone',
      run: async (world) => {
        const name = await world.create('hello-node')
        const deleted = await world.client.send(new DeleteFunctionCommand({ FunctionName: name }))
        assert.equal(deleted.$metadata.httpStatusCode, 204)
        await refuses(world.configuration(name), notFound(`Function not found: ${world.arn(name)}`))
      },
    },
    {
      name: 'DeleteFunction of an unknown function does not name the qualifier',
      run: async (world) => {
        const name = world.newName()
        const expected = notFound(`Function not found: ${world.arn(name)}`)
        await refuses(world.client.send(new DeleteFunctionCommand({ FunctionName: name })), expected)
        await refuses(world.client.send(new DeleteFunctionCommand({ FunctionName: name, Qualifier: '1' })), expected)
      },
    },
    {
      name: 'DeleteFunction refuses $LATEST and aliases as qualifier',
      run: async (world) => {
        const name = await world.create('hello-node')
        const latest = world.client.send(new DeleteFunctionCommand({ FunctionName: name, Qualifier: '$LATEST' }))
        await refuses(latest, badParameter('$LATEST version cannot be deleted without deleting the function.'))
        const alias = world.client.send(new DeleteFunctionCommand({ FunctionName: name, Qualifier: 'live' }))
        await refuses(alias, badParameter('Deletion of aliases is not currently supported.'))
      },
    },
    {
      name: 'DeleteFunction with a version deletes that version only, and again is 204',
      run: async (world) => {
        const name = await world.create('hello-node')
        await world.client.send(new PublishVersionCommand({ FunctionName: name }))
        const deleteFirst = new DeleteFunctionCommand({ FunctionName: name, Qualifier: '1' })
        assert.equal((await world.client.send(deleteFirst)).$metadata.httpStatusCode, 204)
        await refuses(world.configuration(name, '1'), notFound(`Function not found: ${world.arn(name, '1')}`))
        assert.equal((await world.client.send(deleteFirst)).$metadata.httpStatusCode, 204)
        assert.equal((await world.configuration(name)).FunctionName, name)
      },
    },
    {
      name: 'a name can be used again after its function is deleted',
      run: async (world) => {
        const name = await world.create('hello-node')
        await world.client.send(new DeleteFunctionCommand({ FunctionName: name }))
        await world.create('echo-node', { FunctionName: name })
        assert.equal((await world.invoke(name, { again: true })).text, '{"again":true}')
      },
    },
  ],
}

async function listAll(world: World, version?: 'ALL'): Promise<FunctionConfiguration[]> {
  const found: FunctionConfiguration[] = []
  const input = version ? { FunctionVersion: version } : {}
  for await (const page of paginateListFunctions({ client: world.client }, input)) found.push(...(page.Functions ?? []))
  return found
}
