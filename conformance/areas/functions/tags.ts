import assert from 'node:assert/strict'
import {
  CreateFunctionCommand,
  ListTagsCommand,
  TagResourceCommand,
  UntagResourceCommand,
} from '@aws-sdk/client-lambda'
import type { Area } from '../../world/case.ts'
import { badParameter, notFound, refuses } from '../../world/expect.ts'
import type { World } from '../../world/world.ts'

const unsupported = badParameter(
  'Tags on function aliases and versions are not supported. Please specify a function ARN.',
)
const tooMany = badParameter('Number of tags exceeds resource tag limit.')

/** Tags of functions. */
export const tags: Area = {
  name: 'tags',
  cases: [
    {
      name: 'a function without tags lists an empty map',
      run: async (world) => {
        assert.deepEqual(await tagsOf(world, await world.create('hello-node')), {})
      },
    },
    {
      name: 'tagging and untagging return 204 and merge by key',
      run: async (world) => {
        const name = await world.create('hello-node', { Tags: { first: '1', second: '2' } })
        const tagged = await tag(world, world.arn(name), { second: 'two', third: 'three' })
        assert.equal(tagged.$metadata.httpStatusCode, 204)
        assert.deepEqual(await tagsOf(world, name), { first: '1', second: 'two', third: 'three' })
        const untagged = await untag(world, world.arn(name), ['first', 'third', 'unknown'])
        assert.equal(untagged.$metadata.httpStatusCode, 204)
        assert.deepEqual(await tagsOf(world, name), { second: 'two' })
      },
    },
    {
      name: 'tagging changes the RevisionId of $LATEST',
      run: async (world) => {
        const name = await world.create('hello-node')
        const before = await world.configuration(name)
        await tag(world, world.arn(name), { team: 'orders' })
        assert.notEqual((await world.configuration(name)).RevisionId, before.RevisionId)
      },
    },
    {
      name: 'versions and aliases cannot be tagged',
      run: async (world) => {
        const name = await world.create('hello-node')
        await world.publish(name)
        await refuses(tag(world, world.arn(name, '1'), { a: '1' }), unsupported)
        await refuses(untag(world, world.arn(name, '1'), ['a']), unsupported)
        await refuses(world.client.send(new ListTagsCommand({ Resource: world.arn(name, '1') })), unsupported)
        await refuses(tag(world, world.arn(name, '$LATEST'), { a: '1' }), unsupported)
      },
    },
    {
      name: 'more than 50 tags are refused, also at creation and when they come one by one',
      run: async (world) => {
        const name = await world.create('hello-node', { Tags: many(50) })
        await refuses(tag(world, world.arn(name), { further: 'one' }), tooMany)
        await refuses(
          world.client.send(new CreateFunctionCommand(await world.input('hello-node', { Tags: many(51) }))),
          tooMany,
        )
      },
    },
    {
      name: 'an empty map of tags is refused',
      run: async (world) => {
        const name = await world.create('hello-node')
        await refuses(
          tag(world, world.arn(name), {}),
          badParameter('An error occurred and the request cannot be processed.'),
        )
      },
    },
    {
      name: 'tags of an unknown function are not found',
      run: async (world) => {
        const arn = world.arn(world.newName())
        const expected = notFound(`Function not found: ${arn}`)
        await refuses(tag(world, arn, { a: '1' }), expected)
        await refuses(untag(world, arn, ['a']), expected)
        await refuses(world.client.send(new ListTagsCommand({ Resource: arn })), expected)
      },
    },
  ],
}

function tag(world: World, arn: string, given: Record<string, string>) {
  return world.client.send(new TagResourceCommand({ Resource: arn, Tags: given }))
}

function untag(world: World, arn: string, keys: string[]) {
  return world.client.send(new UntagResourceCommand({ Resource: arn, TagKeys: keys }))
}

async function tagsOf(world: World, name: string): Promise<Record<string, string> | undefined> {
  return (await world.client.send(new ListTagsCommand({ Resource: world.arn(name) }))).Tags
}

function many(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`key-${String(index)}`, 'value']))
}
