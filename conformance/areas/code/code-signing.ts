import assert from 'node:assert/strict'
import {
  CreateCodeSigningConfigCommand,
  CreateFunctionCommand,
  DeleteCodeSigningConfigCommand,
  DeleteFunctionCodeSigningConfigCommand,
  GetCodeSigningConfigCommand,
  GetFunctionCodeSigningConfigCommand,
  ListCodeSigningConfigsCommand,
  ListFunctionsByCodeSigningConfigCommand,
  ListTagsCommand,
  PutFunctionCodeSigningConfigCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateCodeSigningConfigCommand,
  type CreateCodeSigningConfigCommandInput,
} from '@aws-sdk/client-lambda'
import type { Area } from '../../world/case.ts'
import { notFound, refuses } from '../../world/expect.ts'
import type { World } from '../../world/world.ts'

/** Code signing configurations, the functions that have them, and their tags. */
export const codeSigning: Area = {
  name: 'code-signing',
  cases: [
    {
      name: 'CreateCodeSigningConfig returns 201 with id, ARN, publishers and policy',
      run: async (world) => {
        const { config, status } = await create(world, {
          CodeSigningPolicies: { UntrustedArtifactOnDeployment: 'Warn' },
          Description: 'd',
        })
        assert.equal(status, 201)
        assert.match(config.CodeSigningConfigId ?? '', /^csc-[a-z0-9]{17}$/)
        assert.ok(config.CodeSigningConfigArn?.endsWith(`:code-signing-config:${config.CodeSigningConfigId ?? ''}`))
        assert.deepEqual(config.AllowedPublishers, { SigningProfileVersionArns: [profileOf(world)] })
        assert.deepEqual(config.CodeSigningPolicies, { UntrustedArtifactOnDeployment: 'Warn' })
        assert.equal(config.Description, 'd')
        assert.match(config.LastModified ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000$/)
        const got = await world.client.send(
          new GetCodeSigningConfigCommand({ CodeSigningConfigArn: config.CodeSigningConfigArn }),
        )
        assert.deepEqual(got.CodeSigningConfig, config)
      },
    },
    {
      name: 'UpdateCodeSigningConfig changes only the given settings',
      run: async (world) => {
        const { config, arn } = await create(world, { Description: 'd' })
        const update = { CodeSigningPolicies: { UntrustedArtifactOnDeployment: 'Enforce' } } as const
        const { CodeSigningConfig } = await world.client.send(
          new UpdateCodeSigningConfigCommand({ CodeSigningConfigArn: arn, ...update }),
        )
        assert.deepEqual({ ...CodeSigningConfig, LastModified: config.LastModified }, { ...config, ...update })
      },
    },
    {
      name: 'configurations are listed page by page',
      run: async (world) => {
        const made = [await create(world), await create(world), await create(world)]
        const listed = new Set<string | undefined>()
        let Marker: string | undefined
        do {
          const page = await world.client.send(
            new ListCodeSigningConfigsCommand({ MaxItems: 2, ...(Marker && { Marker }) }),
          )
          assert.ok((page.CodeSigningConfigs?.length ?? 0) <= 2)
          for (const { CodeSigningConfigArn } of page.CodeSigningConfigs ?? []) listed.add(CodeSigningConfigArn)
          Marker = page.NextMarker
        } while (Marker)
        for (const { arn } of made) assert.ok(listed.has(arn))
      },
    },
    {
      name: 'a function can have one set, shown and removed, and deletion is refused meanwhile',
      run: async (world) => {
        const { arn: CodeSigningConfigArn } = await create(world)
        const FunctionName = await world.create('hello-node')
        const none = await world.client.send(new GetFunctionCodeSigningConfigCommand({ FunctionName }))
        assert.deepEqual([none.CodeSigningConfigArn, none.FunctionName], [undefined, undefined])
        const put = await world.client.send(
          new PutFunctionCodeSigningConfigCommand({ FunctionName, CodeSigningConfigArn }),
        )
        assert.deepEqual([put.CodeSigningConfigArn, put.FunctionName], [CodeSigningConfigArn, FunctionName])
        const shown = await world.client.send(new GetFunctionCodeSigningConfigCommand({ FunctionName }))
        assert.deepEqual([shown.CodeSigningConfigArn, shown.FunctionName], [CodeSigningConfigArn, FunctionName])
        await refuses(world.client.send(new DeleteCodeSigningConfigCommand({ CodeSigningConfigArn })), {
          ...{ status: 409, name: 'ResourceConflictException' },
        })
        for (let count = 0; count < 2; count++) {
          const removed = await world.client.send(new DeleteFunctionCodeSigningConfigCommand({ FunctionName }))
          assert.equal(removed.$metadata.httpStatusCode, 204)
        }
        const deleted = await world.client.send(new DeleteCodeSigningConfigCommand({ CodeSigningConfigArn }))
        assert.equal(deleted.$metadata.httpStatusCode, 204)
      },
    },
    {
      name: 'functions are listed by their configuration, page by page, also when created with it',
      run: async (world) => {
        const { arn: CodeSigningConfigArn } = await create(world)
        const names = [
          await world.create('hello-node', { CodeSigningConfigArn }),
          await world.create('hello-node', { CodeSigningConfigArn }),
        ]
        const list = (members: object) =>
          world.client.send(new ListFunctionsByCodeSigningConfigCommand({ CodeSigningConfigArn, ...members }))
        const first = await list({ MaxItems: 1 })
        const second = await list({ MaxItems: 1, Marker: first.NextMarker })
        const listed = [...(first.FunctionArns ?? []), ...(second.FunctionArns ?? [])]
        assert.deepEqual(listed.toSorted(), names.map((name) => world.arn(name)).toSorted())
      },
    },
    {
      name: 'a configuration that does not exist is not found, with the message of each operation',
      run: async (world) => {
        const FunctionName = await world.create('hello-node')
        const { region, accountId } = world.target
        const arn = `arn:aws:lambda:${region}:${accountId}:code-signing-config:csc-0123456789abcdef0`
        const key = { CodeSigningConfigArn: arn }
        const missing = notFound(`The Lambda code signing configuration ${arn} can not be found.`)
        await refuses(world.client.send(new GetCodeSigningConfigCommand(key)), missing)
        await refuses(world.client.send(new UpdateCodeSigningConfigCommand(key)), missing)
        await refuses(world.client.send(new DeleteCodeSigningConfigCommand(key)), missing)
        await refuses(world.client.send(new ListFunctionsByCodeSigningConfigCommand(key)), missing)
        const ofFunction = {
          ...{ status: 404, name: 'CodeSigningConfigNotFoundException' },
          message:
            'The code signing configuration cannot be found. ' +
            `Check that the provided configuration is not deleted: ${arn}.`,
        }
        await refuses(world.client.send(new PutFunctionCodeSigningConfigCommand({ FunctionName, ...key })), ofFunction)
        await refuses(world.client.send(new CreateFunctionCommand(await world.input('hello-node', key))), ofFunction)
      },
    },
    {
      name: 'a configuration has tags',
      run: async (world) => {
        const { arn: Resource } = await create(world, { Tags: { first: '1' } })
        await world.client.send(new TagResourceCommand({ Resource, Tags: { second: '2' } }))
        await world.client.send(new UntagResourceCommand({ Resource, TagKeys: ['first'] }))
        const { Tags } = await world.client.send(new ListTagsCommand({ Resource }))
        assert.deepEqual(Tags, { second: '2' })
      },
    },
  ],
}

async function create(world: World, members: Partial<CreateCodeSigningConfigCommandInput> = {}) {
  const AllowedPublishers = { SigningProfileVersionArns: [profileOf(world)] }
  const made = await world.client.send(new CreateCodeSigningConfigCommand({ AllowedPublishers, ...members }))
  assert.ok(made.CodeSigningConfig)
  const config = made.CodeSigningConfig
  const arn = config.CodeSigningConfigArn ?? ''
  world.afterwards(() => world.client.send(new DeleteCodeSigningConfigCommand({ CodeSigningConfigArn: arn })))
  return { config, arn, status: made.$metadata.httpStatusCode }
}

function profileOf({ target: { region, accountId } }: World): string {
  return `arn:aws:signer:${region}:${accountId}:/signing-profiles/profile/abcdefghij`
}
