import assert from 'node:assert/strict'
import {
  CreateFunctionCommand,
  ListTagsCommand,
  TagResourceCommand,
  UntagResourceCommand,
} from '@aws-sdk/client-lambda'
import type { Area } from '../../case/case.ts'
import { badParameter, notFound, refuses } from '../../case/expect.ts'
import type { CaseContext } from '../../case/case-context.ts'

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
      run: async (lambda) => {
        assert.deepEqual(await tagsOf(lambda, await lambda.create('hello-node')), {})
      },
    },
    {
      name: 'tagging and untagging return 204 and merge by key',
      run: async (lambda) => {
        const name = await lambda.create('hello-node', { Tags: { first: '1', second: '2' } })
        const tagged = await tag(lambda, lambda.arn(name), { second: 'two', third: 'three' })
        assert.equal(tagged.$metadata.httpStatusCode, 204)
        assert.deepEqual(await tagsOf(lambda, name), { first: '1', second: 'two', third: 'three' })
        const untagged = await untag(lambda, lambda.arn(name), ['first', 'third', 'unknown'])
        assert.equal(untagged.$metadata.httpStatusCode, 204)
        assert.deepEqual(await tagsOf(lambda, name), { second: 'two' })
      },
    },
    {
      name: 'tagging changes the RevisionId of $LATEST',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        const before = await lambda.configuration(name)
        await tag(lambda, lambda.arn(name), { team: 'orders' })
        assert.notEqual((await lambda.configuration(name)).RevisionId, before.RevisionId)
      },
    },
    {
      name: 'versions and aliases cannot be tagged',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        await lambda.publish(name)
        await refuses(tag(lambda, lambda.arn(name, '1'), { a: '1' }), unsupported)
        await refuses(untag(lambda, lambda.arn(name, '1'), ['a']), unsupported)
        await refuses(lambda.client.send(new ListTagsCommand({ Resource: lambda.arn(name, '1') })), unsupported)
        await refuses(tag(lambda, lambda.arn(name, '$LATEST'), { a: '1' }), unsupported)
      },
    },
    {
      name: 'more than 50 tags are refused, also at creation and when they come one by one',
      run: async (lambda) => {
        const name = await lambda.create('hello-node', { Tags: many(50) })
        await refuses(tag(lambda, lambda.arn(name), { further: 'one' }), tooMany)
        await refuses(
          lambda.client.send(new CreateFunctionCommand(await lambda.input('hello-node', { Tags: many(51) }))),
          tooMany,
        )
      },
    },
    {
      name: 'an empty map of tags is refused',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        await refuses(
          tag(lambda, lambda.arn(name), {}),
          badParameter('An error occurred and the request cannot be processed.'),
        )
      },
    },
    {
      name: 'tags of an unknown function are not found',
      run: async (lambda) => {
        const arn = lambda.arn(lambda.newName())
        const expected = notFound(`Function not found: ${arn}`)
        await refuses(tag(lambda, arn, { a: '1' }), expected)
        await refuses(untag(lambda, arn, ['a']), expected)
        await refuses(lambda.client.send(new ListTagsCommand({ Resource: arn })), expected)
      },
    },
  ],
}

function tag(lambda: CaseContext, arn: string, given: Record<string, string>) {
  return lambda.client.send(new TagResourceCommand({ Resource: arn, Tags: given }))
}

function untag(lambda: CaseContext, arn: string, keys: string[]) {
  return lambda.client.send(new UntagResourceCommand({ Resource: arn, TagKeys: keys }))
}

async function tagsOf(lambda: CaseContext, name: string): Promise<Record<string, string> | undefined> {
  return (await lambda.client.send(new ListTagsCommand({ Resource: lambda.arn(name) }))).Tags
}

function many(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`key-${String(index)}`, 'value']))
}
