import assert from 'node:assert/strict'
import type { Area } from '../../world/case.ts'
import type { World } from '../../world/world.ts'

/** InvokeAsync, deprecated, which the SDK still has and nobody should use. */
export const invokeAsync: Area = {
  name: 'invoke-async',
  cases: [
    {
      name: 'an event is accepted with 202',
      run: async (world) => assert.equal((await post(world, await world.create('hello-node'), '{"a":1}')).status, 202),
    },
    {
      name: 'what is no JSON, or larger than 256 KB, is refused',
      run: async (world) => {
        const name = await world.create('hello-node')
        const broken = await post(world, name, '{')
        assert.deepEqual([broken.status, broken.headers['x-amzn-errortype']], [400, 'InvalidRequestContentException'])
        assert.equal((await post(world, name, JSON.stringify('a'.repeat(262_144)))).status, 413)
      },
    },
    {
      name: 'an unknown function is not found',
      run: async (world) => {
        const name = world.newName()
        const answer = await post(world, name, '{}')
        assert.deepEqual([answer.status, answer.headers['x-amzn-errortype']], [404, 'ResourceNotFoundException'])
      },
    },
  ],
}

function post(world: World, name: string, body: string) {
  return world.raw({ method: 'POST', path: `/2014-11-13/functions/${name}/invoke-async/`, body })
}
