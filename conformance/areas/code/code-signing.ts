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
import type { Area } from '../../case/case.ts'
import { notFound, refuses } from '../../case/expect.ts'
import type { CaseContext } from '../../case/case-context.ts'

/** Code signing configurations, the functions that have them, and their tags. */
export const codeSigning: Area = {
  name: 'code-signing',
  cases: [
    {
      name: 'CreateCodeSigningConfig returns 201 with id, ARN, publishers and policy',
      run: async (lambda) => {
        const { config, status } = await create(lambda, {
          CodeSigningPolicies: { UntrustedArtifactOnDeployment: 'Warn' },
          Description: 'd',
        })
        assert.equal(status, 201)
        assert.match(config.CodeSigningConfigId ?? '', /^csc-[a-z0-9]{17}$/)
        assert.ok(config.CodeSigningConfigArn?.endsWith(`:code-signing-config:${config.CodeSigningConfigId ?? ''}`))
        assert.deepEqual(config.AllowedPublishers, { SigningProfileVersionArns: [profileOf(lambda)] })
        assert.deepEqual(config.CodeSigningPolicies, { UntrustedArtifactOnDeployment: 'Warn' })
        assert.equal(config.Description, 'd')
        assert.match(config.LastModified ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000$/)
        const got = await lambda.client.send(
          new GetCodeSigningConfigCommand({ CodeSigningConfigArn: config.CodeSigningConfigArn }),
        )
        assert.deepEqual(got.CodeSigningConfig, config)
      },
    },
    {
      name: 'UpdateCodeSigningConfig changes only the given settings',
      run: async (lambda) => {
        const { config, arn } = await create(lambda, { Description: 'd' })
        const update = { CodeSigningPolicies: { UntrustedArtifactOnDeployment: 'Enforce' } } as const
        const { CodeSigningConfig } = await lambda.client.send(
          new UpdateCodeSigningConfigCommand({ CodeSigningConfigArn: arn, ...update }),
        )
        assert.deepEqual({ ...CodeSigningConfig, LastModified: config.LastModified }, { ...config, ...update })
      },
    },
    {
      name: 'configurations are listed page by page',
      run: async (lambda) => {
        const made = [await create(lambda), await create(lambda), await create(lambda)]
        const listed = new Set<string | undefined>()
        let Marker: string | undefined
        do {
          const page = await lambda.client.send(
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
      run: async (lambda) => {
        const { arn: CodeSigningConfigArn } = await create(lambda)
        const FunctionName = await lambda.create('hello-node')
        const none = await lambda.client.send(new GetFunctionCodeSigningConfigCommand({ FunctionName }))
        assert.deepEqual([none.CodeSigningConfigArn, none.FunctionName], [undefined, undefined])
        const put = await lambda.client.send(
          new PutFunctionCodeSigningConfigCommand({ FunctionName, CodeSigningConfigArn }),
        )
        assert.deepEqual([put.CodeSigningConfigArn, put.FunctionName], [CodeSigningConfigArn, FunctionName])
        const shown = await lambda.client.send(new GetFunctionCodeSigningConfigCommand({ FunctionName }))
        assert.deepEqual([shown.CodeSigningConfigArn, shown.FunctionName], [CodeSigningConfigArn, FunctionName])
        await refuses(lambda.client.send(new DeleteCodeSigningConfigCommand({ CodeSigningConfigArn })), {
          ...{ status: 409, name: 'ResourceConflictException' },
        })
        for (let count = 0; count < 2; count++) {
          const removed = await lambda.client.send(new DeleteFunctionCodeSigningConfigCommand({ FunctionName }))
          assert.equal(removed.$metadata.httpStatusCode, 204)
        }
        const deleted = await lambda.client.send(new DeleteCodeSigningConfigCommand({ CodeSigningConfigArn }))
        assert.equal(deleted.$metadata.httpStatusCode, 204)
      },
    },
    {
      name: 'functions are listed by their configuration, page by page, also when created with it',
      run: async (lambda) => {
        const { arn: CodeSigningConfigArn } = await create(lambda)
        const names = [
          await lambda.create('hello-node', { CodeSigningConfigArn }),
          await lambda.create('hello-node', { CodeSigningConfigArn }),
        ]
        const list = (members: object) =>
          lambda.client.send(new ListFunctionsByCodeSigningConfigCommand({ CodeSigningConfigArn, ...members }))
        const first = await list({ MaxItems: 1 })
        const second = await list({ MaxItems: 1, Marker: first.NextMarker })
        const listed = [...(first.FunctionArns ?? []), ...(second.FunctionArns ?? [])]
        assert.deepEqual(listed.toSorted(), names.map((name) => lambda.arn(name)).toSorted())
      },
    },
    {
      name: 'a configuration that does not exist is not found, with the message of each operation',
      run: async (lambda) => {
        const FunctionName = await lambda.create('hello-node')
        const { region, accountId } = lambda.target
        const arn = `arn:aws:lambda:${region}:${accountId}:code-signing-config:csc-0123456789abcdef0`
        const key = { CodeSigningConfigArn: arn }
        const missing = notFound(`The Lambda code signing configuration ${arn} can not be found.`)
        await refuses(lambda.client.send(new GetCodeSigningConfigCommand(key)), missing)
        await refuses(lambda.client.send(new UpdateCodeSigningConfigCommand(key)), missing)
        await refuses(lambda.client.send(new DeleteCodeSigningConfigCommand(key)), missing)
        await refuses(lambda.client.send(new ListFunctionsByCodeSigningConfigCommand(key)), missing)
        const ofFunction = {
          ...{ status: 404, name: 'CodeSigningConfigNotFoundException' },
          message:
            'The code signing configuration cannot be found. ' +
            `Check that the provided configuration is not deleted: ${arn}.`,
        }
        await refuses(lambda.client.send(new PutFunctionCodeSigningConfigCommand({ FunctionName, ...key })), ofFunction)
        await refuses(lambda.client.send(new CreateFunctionCommand(await lambda.input('hello-node', key))), ofFunction)
      },
    },
    {
      name: 'a configuration has tags',
      run: async (lambda) => {
        const { arn: Resource } = await create(lambda, { Tags: { first: '1' } })
        await lambda.client.send(new TagResourceCommand({ Resource, Tags: { second: '2' } }))
        await lambda.client.send(new UntagResourceCommand({ Resource, TagKeys: ['first'] }))
        const { Tags } = await lambda.client.send(new ListTagsCommand({ Resource }))
        assert.deepEqual(Tags, { second: '2' })
      },
    },
  ],
}

async function create(lambda: CaseContext, members: Partial<CreateCodeSigningConfigCommandInput> = {}) {
  const AllowedPublishers = { SigningProfileVersionArns: [profileOf(lambda)] }
  const made = await lambda.client.send(new CreateCodeSigningConfigCommand({ AllowedPublishers, ...members }))
  assert.ok(made.CodeSigningConfig)
  const config = made.CodeSigningConfig
  const arn = config.CodeSigningConfigArn ?? ''
  lambda.afterwards(() => lambda.client.send(new DeleteCodeSigningConfigCommand({ CodeSigningConfigArn: arn })))
  return { config, arn, status: made.$metadata.httpStatusCode }
}

function profileOf({ target: { region, accountId } }: CaseContext): string {
  return `arn:aws:signer:${region}:${accountId}:/signing-profiles/profile/abcdefghij`
}
