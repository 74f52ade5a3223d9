import assert from 'node:assert/strict'
import type { Area } from '../../case/case.ts'
import type { CaseContext } from '../../case/case-context.ts'

/** InvokeAsync, deprecated, which the SDK still has and nobody should use. */
export const invokeAsync: Area = {
  name: 'invoke-async',
  cases: [
    {
      name: 'an event is accepted with 202',
      run: async (lambda) =>
        assert.equal((await post(lambda, await lambda.create('hello-node'), '{"a":1}')).status, 202),
    },
    {
      name: 'what is no JSON, or larger than 256 KB, is refused',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        const broken = await post(lambda, name, '{')
        assert.deepEqual([broken.status, broken.headers['x-amzn-errortype']], [400, 'InvalidRequestContentException'])
        assert.equal((await post(lambda, name, JSON.stringify('a'.repeat(262_144)))).status, 413)
      },
    },
    {
      name: 'an unknown function is not found',
      run: async (lambda) => {
        const name = lambda.newName()
        const answer = await post(lambda, name, '{}')
        assert.deepEqual([answer.status, answer.headers['x-amzn-errortype']], [404, 'ResourceNotFoundException'])
      },
    },
  ],
}

function post(lambda: CaseContext, name: string, body: string) {
  return lambda.raw({ method: 'POST', path: `/2014-11-13/functions/${name}/invoke-async/`, body })
}
