import assert from 'node:assert/strict'
import { InvokeCommand } from '@aws-sdk/client-lambda'
import type { Area } from '../../case/case.ts'
import { answers, failureOf, valueOf } from '../../case/expect.ts'

/** Several invocations of one function at the same time. */
export const concurrency: Area = {
  name: 'concurrency-of-invocations',
  cases: [
    {
      name: 'concurrent invocations have an environment each',
      run: async (lambda) => {
        const name = await lambda.create('misbehave-node', { Timeout: 20 })
        const startedAt = Date.now()
        const all = await Promise.all(Array.from({ length: 6 }, () => lambda.invoke(name, { do: 'sleep', ms: 2000 })))
        for (const answer of all) answers(answer, { slept: 2000 })
        assert.ok(Date.now() - startedAt < 6 * 2000, 'they ran one after the other')
      },
    },
    {
      name: 'each response goes to its caller',
      run: async (lambda) => {
        const name = await lambda.create('echo-node', { Timeout: 20 })
        const events = Array.from({ length: 60 }, (_, index) => ({ index, filler: 'x'.repeat(index * 50) }))
        const all = await Promise.all(events.map((event) => lambda.invoke(name, event)))
        assert.deepEqual(
          all.map((answer) => valueOf(answer)),
          events,
        )
        assert.equal(new Set(all.map(({ requestId }) => requestId)).size, events.length)
      },
    },
    {
      name: 'one environment runs one invocation at a time',
      run: async (lambda) => {
        const name = await lambda.create('misbehave-node', { Timeout: 20 })
        const all = await Promise.all(Array.from({ length: 20 }, () => lambda.invoke(name, { do: 'count' })))
        const counts = all.map((answer) => valueOf<{ calls: number }>(answer).calls)
        // Whoever was the n-th in an environment had an (n-1)-th before it there, and no number was given twice.
        const givenTo = (calls: number): number => counts.filter((count) => count === calls).length
        for (let calls = 2; calls <= 20; calls += 1) assert.ok(givenTo(calls) <= givenTo(calls - 1), counts.join(' '))
      },
    },
    {
      name: 'a failing invocation does not affect a concurrent one',
      run: async (lambda) => {
        const name = await lambda.create('misbehave-node', { Timeout: 20 })
        const running = lambda.invoke(name, { do: 'sleep', ms: 1500 })
        failureOf(await lambda.invoke(name, { do: 'exit', code: 1 }))
        answers(await running, { slept: 1500 })
      },
    },
    {
      name: 'a caller that disconnects leaves the function usable',
      run: async (lambda) => {
        const name = await lambda.create('misbehave-node', { Timeout: 10 })
        await lambda.invoke(name, { do: 'count' })
        const controller = new AbortController()
        const call = lambda.client.send(
          new InvokeCommand({ FunctionName: name, Payload: Buffer.from('{"do":"sleep","ms":800}') }),
          { abortSignal: controller.signal },
        )
        setTimeout(() => controller.abort(), 200)
        await assert.rejects(call, { name: 'AbortError' })
        answers(await lambda.invoke(name, { do: 'sleep', ms: 1 }), { slept: 1 })
      },
    },
  ],
}
