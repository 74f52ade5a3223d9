import assert from 'node:assert/strict'
import {
  CreateCapacityProviderCommand,
  DeleteCapacityProviderCommand,
  GetCapacityProviderCommand,
  ListCapacityProvidersCommand,
  ListFunctionVersionsByCapacityProviderCommand,
  ListTagsCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateCapacityProviderCommand,
  type CapacityProvider,
  type CreateCapacityProviderCommandInput,
} from '@aws-sdk/client-lambda'
import { Skipped, type Area } from '../../case/case.ts'
import { badParameter, notFound, refuses } from '../../case/expect.ts'
import type { CaseContext } from '../../case/case-context.ts'

const unknown = { status: 404, name: 'ResourceNotFoundException' }
const tooMany = badParameter('Number of tags exceeds resource tag limit.')
const providersPath = '/2025-11-30/capacity-providers'

/** Capacity providers, the function versions on them, and their tags. */
export const capacityProviders: Area = {
  name: 'capacity-providers',
  cases: [
    {
      name: 'CreateCapacityProvider returns 202 with the requested settings, and Get returns it by name and ARN',
      run: async (lambda) => {
        const members = {
          InstanceRequirements: { Architectures: ['arm64'], AllowedInstanceTypes: ['m8g.large', 'c8g.xlarge'] },
          CapacityProviderScalingConfig: {
            MaxVCpuCount: 64,
            ScalingMode: 'Manual',
            ScalingPolicies: [
              { PredefinedMetricType: 'LambdaCapacityProviderAverageCPUUtilization', TargetValue: 70.5 },
            ],
          },
          KmsKeyArn: `arn:aws:kms:${lambda.target.region}:${lambda.target.accountId}:key/k`,
        } as const
        const { input, name, provider, status } = await create(lambda, writable(members))
        assert.equal(status, 202)
        assert.ok(['Pending', 'Active'].includes(provider.State ?? ''), provider.State)
        const { VpcConfig, PermissionsConfig } = input
        const arn = arnOf(lambda, name)
        assert.partialDeepStrictEqual(provider, {
          ...{ CapacityProviderArn: arn, VpcConfig, PermissionsConfig },
          ...members,
        })
        const active = await settled(lambda, name)
        assert.deepEqual(active, { ...provider, State: 'Active', LastModified: active?.LastModified })
        assert.deepEqual(await get(lambda, arn), active)
      },
    },
    {
      name: 'a second capacity provider of a name is a conflict and changes nothing',
      run: async (lambda) => {
        const { input, name } = await create(lambda)
        const before = await settled(lambda, name)
        const KmsKeyArn = 'arn:aws:kms:us-east-1:123456789012:key/other'
        await refuses(lambda.client.send(new CreateCapacityProviderCommand({ ...input, KmsKeyArn })), {
          ...{ status: 409, name: 'ResourceConflictException' },
        })
        assert.deepEqual(await get(lambda, name), before)
      },
    },
    {
      name: 'UpdateCapacityProvider returns 202 and changes the scaling alone',
      run: async (lambda) => {
        const { name } = await create(lambda)
        const before = await settled(lambda, name)
        const scaling = { MaxVCpuCount: 2, ScalingMode: 'Auto' } as const
        const { $metadata, CapacityProvider } = await lambda.client.send(
          new UpdateCapacityProviderCommand({ CapacityProviderName: name, CapacityProviderScalingConfig: scaling }),
        )
        assert.equal($metadata.httpStatusCode, 202)
        assert.partialDeepStrictEqual(CapacityProvider?.CapacityProviderScalingConfig, scaling)
        const { LastModified: _, CapacityProviderScalingConfig: shown, ...after } = (await settled(lambda, name)) ?? {}
        const { LastModified: __, CapacityProviderScalingConfig: ___, ...rest } = before ?? {}
        assert.partialDeepStrictEqual(shown, scaling)
        assert.deepEqual(after, rest)
      },
    },
    {
      name: 'DeleteCapacityProvider returns 202 with the provider, which is then gone',
      run: async (lambda) => {
        const { name } = await create(lambda)
        await settled(lambda, name)
        const { $metadata, CapacityProvider } = await lambda.client.send(
          new DeleteCapacityProviderCommand({ CapacityProviderName: arnOf(lambda, name) }),
        )
        assert.equal($metadata.httpStatusCode, 202)
        assert.equal(CapacityProvider?.CapacityProviderArn, arnOf(lambda, name))
        assert.equal(CapacityProvider.State, 'Deleting')
        await eventually(lambda, async () => ((await listed(lambda)).has(name) ? undefined : true))
        await refuses(get(lambda, name), unknown)
      },
    },
    {
      name: 'capacity providers are listed page by page, and by their state',
      run: async (lambda) => {
        const names = []
        for (let count = 0; count < 3; count++) names.push((await create(lambda)).name)
        for (const name of names) await settled(lambda, name)
        const [all, active, failed] = [
          await listed(lambda, { MaxItems: 2 }),
          await listed(lambda, { State: 'Active' }),
          await listed(lambda, { State: 'Failed' }),
        ]
        for (const name of names) {
          assert.deepEqual([all.has(name), active.has(name), failed.has(name)], [true, true, false])
          assert.deepEqual(all.get(name), await get(lambda, name))
        }
      },
    },
    {
      name: 'a capacity provider that no function uses lists no function versions',
      run: async (lambda) => {
        const { name } = await create(lambda)
        const { FunctionVersions, CapacityProviderArn, NextMarker } = await lambda.client.send(
          new ListFunctionVersionsByCapacityProviderCommand({ CapacityProviderName: name, MaxItems: 50 }),
        )
        assert.deepEqual([CapacityProviderArn, FunctionVersions, NextMarker], [arnOf(lambda, name), [], undefined])
      },
    },
    {
      name: 'a capacity provider that does not exist is not found',
      run: async (lambda) => {
        const CapacityProviderName = lambda.newName()
        await refuses(get(lambda, CapacityProviderName), unknown)
        await refuses(get(lambda, arnOf(lambda, CapacityProviderName)), unknown)
        const key = { CapacityProviderName }
        await refuses(lambda.client.send(new UpdateCapacityProviderCommand(key)), unknown)
        await refuses(lambda.client.send(new DeleteCapacityProviderCommand(key)), unknown)
        await refuses(lambda.client.send(new ListFunctionVersionsByCapacityProviderCommand(key)), unknown)
      },
    },
    {
      name: 'what is not found has Type and Message, and a conflict has Type and message',
      run: async (lambda) => {
        const missing = await lambda.raw({ method: 'GET', path: `${providersPath}/${lambda.newName()}` })
        assert.deepEqual([missing.status, missing.headers['x-amzn-errortype']], [404, unknown.name])
        assert.deepEqual(Object.keys(missing.json as object).toSorted(), ['Message', 'Type'])
        const { input } = await create(lambda)
        const twice = await lambda.raw({ method: 'POST', path: providersPath, body: JSON.stringify(input) })
        assert.deepEqual([twice.status, twice.headers['x-amzn-errortype']], [409, 'ResourceConflictException'])
        assert.deepEqual(Object.keys(twice.json as object).toSorted(), ['Type', 'message'])
      },
    },
    {
      name: 'a capacity provider has tags, from its creation on',
      run: async (lambda) => {
        const { name } = await create(lambda, { Tags: { first: '1', second: '2' } })
        const Resource = arnOf(lambda, name)
        const Tags = { second: 'two', third: 'three' }
        const tagged = await lambda.client.send(new TagResourceCommand({ Resource, Tags }))
        const TagKeys = ['first', 'unknown']
        const untagged = await lambda.client.send(new UntagResourceCommand({ Resource, TagKeys }))
        assert.deepEqual([tagged.$metadata.httpStatusCode, untagged.$metadata.httpStatusCode], [204, 204])
        assert.deepEqual((await lambda.client.send(new ListTagsCommand({ Resource }))).Tags, Tags)
      },
    },
    {
      name: 'no tags, no keys, too many tags, and tags of a capacity provider that does not exist',
      run: async (lambda) => {
        const { name } = await create(lambda, { Tags: many(50) })
        const tag = (Resource: string, Tags: Record<string, string>) =>
          lambda.client.send(new TagResourceCommand({ Resource, Tags }))
        await refuses(tag(arnOf(lambda, name), { further: 'one' }), tooMany)
        const path = `/2017-03-31/tags/${encodeURIComponent(arnOf(lambda, name))}`
        const withoutKeys = await lambda.raw({ method: 'DELETE', path })
        const message =
          "1 validation error detected: Value null at 'tagKeys' failed to satisfy constraint: Member must not be null"
        assert.deepEqual([withoutKeys.status, withoutKeys.json], [400, { message }])
        const none = badParameter('An error occurred and the request cannot be processed.')
        await refuses(tag(arnOf(lambda, name), {}), none)
        await refuses(create(lambda, { Tags: many(51) }), tooMany)
        const Resource = arnOf(lambda, lambda.newName())
        const missing = notFound(`Capacity provider not found: ${Resource}`)
        await refuses(tag(Resource, { a: '1' }), missing)
        await refuses(lambda.client.send(new UntagResourceCommand({ Resource, TagKeys: ['a'] })), missing)
        await refuses(lambda.client.send(new ListTagsCommand({ Resource })), missing)
      },
    },
  ],
}

type Changes = Partial<CreateCapacityProviderCommandInput>

async function create(lambda: CaseContext, changes: Changes = {}) {
  if (lambda.target.isAws) throw new Skipped('subnets and an operator role would have to be there')
  const name = lambda.newName()
  const input = {
    CapacityProviderName: name,
    VpcConfig: { SubnetIds: ['subnet-0a1b2c3d'], SecurityGroupIds: ['sg-0a1b2c3d'] },
    PermissionsConfig: { CapacityProviderOperatorRoleArn: lambda.target.role },
    ...changes,
  }
  lambda.afterwards(() => lambda.client.send(new DeleteCapacityProviderCommand({ CapacityProviderName: name })))
  const made = await lambda.client.send(new CreateCapacityProviderCommand(input))
  assert.ok(made.CapacityProvider)
  return { name, input, provider: made.CapacityProvider, status: made.$metadata.httpStatusCode }
}

/** The members as the SDK's types want them, which are not read-only. */
function writable(members: unknown): Changes {
  return structuredClone(members) as Changes
}

function arnOf({ target: { region, accountId } }: CaseContext, name: string): string {
  return `arn:aws:lambda:${region}:${accountId}:capacity-provider:${name}`
}

async function get(lambda: CaseContext, name: string): Promise<CapacityProvider | undefined> {
  return (await lambda.client.send(new GetCapacityProviderCommand({ CapacityProviderName: name }))).CapacityProvider
}

/** The provider as it is when it is no longer Pending. */
function settled(lambda: CaseContext, name: string): Promise<CapacityProvider | undefined> {
  return eventually(lambda, async () => {
    const provider = await get(lambda, name)
    return provider?.State === 'Pending' ? undefined : provider
  })
}

/** All providers by name; holds that no page is larger than asked for. */
async function listed(lambda: CaseContext, members: { MaxItems?: number; State?: 'Active' | 'Failed' } = {}) {
  const found = new Map<string, CapacityProvider>()
  let Marker: string | undefined
  do {
    const page = await lambda.client.send(new ListCapacityProvidersCommand({ ...members, ...(Marker && { Marker }) }))
    assert.ok((page.CapacityProviders?.length ?? 0) <= (members.MaxItems ?? 50))
    for (const each of page.CapacityProviders ?? []) {
      found.set(each.CapacityProviderArn?.split(':').at(-1) ?? '', each)
    }
    Marker = page.NextMarker
  } while (Marker)
  return found
}

async function eventually<Value>(
  lambda: CaseContext,
  ask: () => Promise<Value | undefined>,
): Promise<Value | undefined> {
  const deadline = Date.now() + 30_000
  for (;;) {
    const value = await ask()
    if (value !== undefined || Date.now() > deadline) return value
    await new Promise((resolve) => setTimeout(resolve, lambda.target.isAws ? 2_000 : 50))
  }
}

function many(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`key-${String(index)}`, 'value']))
}
