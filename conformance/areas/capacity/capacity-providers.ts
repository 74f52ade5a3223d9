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
import { Skipped, type Area } from '../../world/case.ts'
import { badParameter, notFound, refuses } from '../../world/expect.ts'
import type { World } from '../../world/world.ts'

const unknown = { status: 404, name: 'ResourceNotFoundException' }
const tooMany = badParameter('Number of tags exceeds resource tag limit.')
const providersPath = '/2025-11-30/capacity-providers'

/** Capacity providers, the function versions on them, and their tags. */
export const capacityProviders: Area = {
  name: 'capacity-providers',
  cases: [
    {
      name: 'CreateCapacityProvider returns 202 with the requested settings, and Get returns it by name and ARN',
      run: async (world) => {
        const members = {
          InstanceRequirements: { Architectures: ['arm64'], AllowedInstanceTypes: ['m8g.large', 'c8g.xlarge'] },
          CapacityProviderScalingConfig: {
            MaxVCpuCount: 64,
            ScalingMode: 'Manual',
            ScalingPolicies: [
              { PredefinedMetricType: 'LambdaCapacityProviderAverageCPUUtilization', TargetValue: 70.5 },
            ],
          },
          KmsKeyArn: `arn:aws:kms:${world.target.region}:${world.target.accountId}:key/k`,
        } as const
        const { input, name, provider, status } = await create(world, writable(members))
        assert.equal(status, 202)
        assert.ok(['Pending', 'Active'].includes(provider.State ?? ''), provider.State)
        const { VpcConfig, PermissionsConfig } = input
        const arn = arnOf(world, name)
        assert.partialDeepStrictEqual(provider, {
          ...{ CapacityProviderArn: arn, VpcConfig, PermissionsConfig },
          ...members,
        })
        const active = await settled(world, name)
        assert.deepEqual(active, { ...provider, State: 'Active', LastModified: active?.LastModified })
        assert.deepEqual(await get(world, arn), active)
      },
    },
    {
      name: 'a second capacity provider of a name is a conflict and changes nothing',
      run: async (world) => {
        const { input, name } = await create(world)
        const before = await settled(world, name)
        const KmsKeyArn = 'arn:aws:kms:us-east-1:123456789012:key/other'
        await refuses(world.client.send(new CreateCapacityProviderCommand({ ...input, KmsKeyArn })), {
          ...{ status: 409, name: 'ResourceConflictException' },
        })
        assert.deepEqual(await get(world, name), before)
      },
    },
    {
      name: 'UpdateCapacityProvider returns 202 and changes the scaling alone',
      run: async (world) => {
        const { name } = await create(world)
        const before = await settled(world, name)
        const scaling = { MaxVCpuCount: 2, ScalingMode: 'Auto' } as const
        const { $metadata, CapacityProvider } = await world.client.send(
          new UpdateCapacityProviderCommand({ CapacityProviderName: name, CapacityProviderScalingConfig: scaling }),
        )
        assert.equal($metadata.httpStatusCode, 202)
        assert.partialDeepStrictEqual(CapacityProvider?.CapacityProviderScalingConfig, scaling)
        const { LastModified: _, CapacityProviderScalingConfig: shown, ...after } = (await settled(world, name)) ?? {}
        const { LastModified: __, CapacityProviderScalingConfig: ___, ...rest } = before ?? {}
        assert.partialDeepStrictEqual(shown, scaling)
        assert.deepEqual(after, rest)
      },
    },
    {
      name: 'DeleteCapacityProvider returns 202 with the provider, which is then gone',
      run: async (world) => {
        const { name } = await create(world)
        await settled(world, name)
        const { $metadata, CapacityProvider } = await world.client.send(
          new DeleteCapacityProviderCommand({ CapacityProviderName: arnOf(world, name) }),
        )
        assert.equal($metadata.httpStatusCode, 202)
        assert.equal(CapacityProvider?.CapacityProviderArn, arnOf(world, name))
        assert.equal(CapacityProvider.State, 'Deleting')
        await eventually(world, async () => ((await listed(world)).has(name) ? undefined : true))
        await refuses(get(world, name), unknown)
      },
    },
    {
      name: 'capacity providers are listed page by page, and by their state',
      run: async (world) => {
        const names = []
        for (let count = 0; count < 3; count++) names.push((await create(world)).name)
        for (const name of names) await settled(world, name)
        const [all, active, failed] = [
          await listed(world, { MaxItems: 2 }),
          await listed(world, { State: 'Active' }),
          await listed(world, { State: 'Failed' }),
        ]
        for (const name of names) {
          assert.deepEqual([all.has(name), active.has(name), failed.has(name)], [true, true, false])
          assert.deepEqual(all.get(name), await get(world, name))
        }
      },
    },
    {
      name: 'a capacity provider that no function uses lists no function versions',
      run: async (world) => {
        const { name } = await create(world)
        const { FunctionVersions, CapacityProviderArn, NextMarker } = await world.client.send(
          new ListFunctionVersionsByCapacityProviderCommand({ CapacityProviderName: name, MaxItems: 50 }),
        )
        assert.deepEqual([CapacityProviderArn, FunctionVersions, NextMarker], [arnOf(world, name), [], undefined])
      },
    },
    {
      name: 'a capacity provider that does not exist is not found',
      run: async (world) => {
        const CapacityProviderName = world.newName()
        await refuses(get(world, CapacityProviderName), unknown)
        await refuses(get(world, arnOf(world, CapacityProviderName)), unknown)
        const key = { CapacityProviderName }
        await refuses(world.client.send(new UpdateCapacityProviderCommand(key)), unknown)
        await refuses(world.client.send(new DeleteCapacityProviderCommand(key)), unknown)
        await refuses(world.client.send(new ListFunctionVersionsByCapacityProviderCommand(key)), unknown)
      },
    },
    {
      name: 'what is not found has Type and Message, and a conflict has Type and message',
      run: async (world) => {
        const missing = await world.raw({ method: 'GET', path: `${providersPath}/${world.newName()}` })
        assert.deepEqual([missing.status, missing.headers['x-amzn-errortype']], [404, unknown.name])
        assert.deepEqual(Object.keys(missing.json as object).toSorted(), ['Message', 'Type'])
        const { input } = await create(world)
        const twice = await world.raw({ method: 'POST', path: providersPath, body: JSON.stringify(input) })
        assert.deepEqual([twice.status, twice.headers['x-amzn-errortype']], [409, 'ResourceConflictException'])
        assert.deepEqual(Object.keys(twice.json as object).toSorted(), ['Type', 'message'])
      },
    },
    {
      name: 'a capacity provider has tags, from its creation on',
      run: async (world) => {
        const { name } = await create(world, { Tags: { first: '1', second: '2' } })
        const Resource = arnOf(world, name)
        const Tags = { second: 'two', third: 'three' }
        const tagged = await world.client.send(new TagResourceCommand({ Resource, Tags }))
        const TagKeys = ['first', 'unknown']
        const untagged = await world.client.send(new UntagResourceCommand({ Resource, TagKeys }))
        assert.deepEqual([tagged.$metadata.httpStatusCode, untagged.$metadata.httpStatusCode], [204, 204])
        assert.deepEqual((await world.client.send(new ListTagsCommand({ Resource }))).Tags, Tags)
      },
    },
    {
      name: 'no tags, no keys, too many tags, and tags of a capacity provider that does not exist',
      run: async (world) => {
        const { name } = await create(world, { Tags: many(50) })
        const tag = (Resource: string, Tags: Record<string, string>) =>
          world.client.send(new TagResourceCommand({ Resource, Tags }))
        await refuses(tag(arnOf(world, name), { further: 'one' }), tooMany)
        const path = `/2017-03-31/tags/${encodeURIComponent(arnOf(world, name))}`
        const withoutKeys = await world.raw({ method: 'DELETE', path })
        const message =
          "1 validation error detected: Value null at 'tagKeys' failed to satisfy constraint: Member must not be null"
        assert.deepEqual([withoutKeys.status, withoutKeys.json], [400, { message }])
        const none = badParameter('An error occurred and the request cannot be processed.')
        await refuses(tag(arnOf(world, name), {}), none)
        await refuses(create(world, { Tags: many(51) }), tooMany)
        const Resource = arnOf(world, world.newName())
        const missing = notFound(`Capacity provider not found: ${Resource}`)
        await refuses(tag(Resource, { a: '1' }), missing)
        await refuses(world.client.send(new UntagResourceCommand({ Resource, TagKeys: ['a'] })), missing)
        await refuses(world.client.send(new ListTagsCommand({ Resource })), missing)
      },
    },
  ],
}

type Changes = Partial<CreateCapacityProviderCommandInput>

async function create(world: World, changes: Changes = {}) {
  if (world.target.isAws) throw new Skipped('subnets and an operator role would have to be there')
  const name = world.newName()
  const input = {
    CapacityProviderName: name,
    VpcConfig: { SubnetIds: ['subnet-0a1b2c3d'], SecurityGroupIds: ['sg-0a1b2c3d'] },
    PermissionsConfig: { CapacityProviderOperatorRoleArn: world.target.role },
    ...changes,
  }
  world.afterwards(() => world.client.send(new DeleteCapacityProviderCommand({ CapacityProviderName: name })))
  const made = await world.client.send(new CreateCapacityProviderCommand(input))
  assert.ok(made.CapacityProvider)
  return { name, input, provider: made.CapacityProvider, status: made.$metadata.httpStatusCode }
}

/** The members as the SDK's types want them, which are not read-only. */
function writable(members: unknown): Changes {
  return structuredClone(members) as Changes
}

function arnOf({ target: { region, accountId } }: World, name: string): string {
  return `arn:aws:lambda:${region}:${accountId}:capacity-provider:${name}`
}

async function get(world: World, name: string): Promise<CapacityProvider | undefined> {
  return (await world.client.send(new GetCapacityProviderCommand({ CapacityProviderName: name }))).CapacityProvider
}

/** The provider as it is when it is no longer Pending. */
function settled(world: World, name: string): Promise<CapacityProvider | undefined> {
  return eventually(world, async () => {
    const provider = await get(world, name)
    return provider?.State === 'Pending' ? undefined : provider
  })
}

/** All providers by name; holds that no page is larger than asked for. */
async function listed(world: World, members: { MaxItems?: number; State?: 'Active' | 'Failed' } = {}) {
  const found = new Map<string, CapacityProvider>()
  let Marker: string | undefined
  do {
    const page = await world.client.send(new ListCapacityProvidersCommand({ ...members, ...(Marker && { Marker }) }))
    assert.ok((page.CapacityProviders?.length ?? 0) <= (members.MaxItems ?? 50))
    for (const each of page.CapacityProviders ?? []) {
      found.set(each.CapacityProviderArn?.split(':').at(-1) ?? '', each)
    }
    Marker = page.NextMarker
  } while (Marker)
  return found
}

async function eventually<Value>(world: World, ask: () => Promise<Value | undefined>): Promise<Value | undefined> {
  const deadline = Date.now() + 30_000
  for (;;) {
    const value = await ask()
    if (value !== undefined || Date.now() > deadline) return value
    await new Promise((resolve) => setTimeout(resolve, world.target.isAws ? 2_000 : 50))
  }
}

function many(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`key-${String(index)}`, 'value']))
}
