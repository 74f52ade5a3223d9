import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import type { Area } from '../../case/case.ts'
import { answers, badParameter, refuses, valueOf } from '../../case/expect.ts'
import type { CaseContext } from '../../case/case-context.ts'

const megabytes = 1024 * 1024
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

interface Context {
  readonly awsRequestId: string
  readonly invokedFunctionArn: string
  readonly functionVersion: string
  readonly clientContext: unknown
}

/** Invoke: what comes back when all goes well, the log tail, and the limits. */
export const invoke: Area = {
  name: 'invoke',
  cases: [
    {
      name: 'an invocation returns 200, the payload, the executed version and no function error',
      run: async (lambda) => {
        const answer = await lambda.invoke(await lambda.create('echo-node'), { key: 'value' })
        assert.equal(answer.status, 200)
        assert.equal(answer.text, '{"key":"value"}')
        assert.equal(answer.executedVersion, '$LATEST')
        assert.equal(answer.functionError, undefined)
        assert.match(answer.requestId, uuid)
      },
    },
    {
      name: 'a handler that returns nothing returns null',
      run: async (lambda) => {
        const name = await lambda.create('misbehave-node')
        assert.equal((await lambda.invoke(name, { do: 'nothing' })).text, 'null')
      },
    },
    {
      name: 'a response that looks like an error is not a function error',
      run: async (lambda) => {
        const answer = await lambda.invoke(await lambda.create('misbehave-node'), { do: 'errorLike' })
        answers(answer, { errorMessage: 'not a failure', errorType: 'Data' })
      },
    },
    {
      name: 'any JSON value is an event',
      run: async (lambda) => {
        const name = await lambda.create('echo-node')
        for (const event of ['null', 'true', '0', '-1.5e3', '"text"', '[]', '[1,[2]]', '{}', ' {"spaced" : 1 } ']) {
          const answer = await lambda.invokeBytes(name, event)
          assert.deepEqual(JSON.parse(answer.text), JSON.parse(event), event)
        }
      },
    },
    {
      name: 'non-ASCII text is passed unchanged',
      run: async (lambda) => {
        const name = await lambda.create('echo-node')
        const event = { text: 'größe 漢字 😀 \u0000 \u2028', escaped: '\\"\n' }
        answers(await lambda.invoke(name, event), event)
      },
    },
    {
      name: 'DryRun returns 204 without running the function',
      run: async (lambda) => {
        const name = await lambda.create('misbehave-node')
        const answer = await lambda.invoke(name, { do: 'count' }, { InvocationType: 'DryRun' })
        assert.deepEqual([answer.status, answer.text], [204, ''])
        answers(await lambda.invoke(name, { do: 'count' }), { calls: 1 })
      },
    },
    {
      name: 'Event returns 202 with an empty body, also when the function will fail',
      run: async (lambda) => {
        const name = await lambda.create('misbehave-node')
        for (const event of [{ do: 'nothing' }, { do: 'throw' }]) {
          const answer = await lambda.invoke(name, event, { InvocationType: 'Event' })
          assert.deepEqual(
            [answer.status, answer.text, answer.functionError, answer.executedVersion],
            [202, '', undefined, undefined],
          )
        }
      },
    },
    {
      name: 'an Event runs',
      run: async (lambda) => {
        const name = await lambda.create('misbehave-node')
        answers(await lambda.invoke(name, { do: 'count' }), { calls: 1 })
        await lambda.invoke(name, { do: 'count' }, { InvocationType: 'Event' })
        // The event takes the only environment; asking too early would make a second one that never sees it.
        const ask = async (): Promise<number> => {
          await pause(1_500)
          return valueOf<{ calls: number }>(await lambda.invoke(name, { do: 'calls' })).calls
        }
        let calls = await ask()
        for (let turn = 0; turn < 5 && calls < 2; turn += 1) calls = await ask()
        assert.equal(calls, 2)
      },
    },
    {
      name: 'the request id is the same in the header, the context and the log',
      run: async (lambda) => {
        const name = await lambda.create('context-node')
        const answer = await lambda.invoke(name, {}, { LogType: 'Tail' })
        assert.equal(valueOf<Context>(answer).awsRequestId, answer.requestId)
        assert.ok(answer.log.includes(`START RequestId: ${answer.requestId} Version: $LATEST\n`), answer.log)
      },
    },
    {
      name: 'the invoked ARN carries the qualifier that was given, and none when none was',
      run: async (lambda) => {
        const name = await lambda.create('context-node')
        await lambda.publish(name)
        const expected = [
          [undefined, undefined, '$LATEST'],
          ['$LATEST', '$LATEST', '$LATEST'],
          ['1', '1', '1'],
        ] as const
        for (const [asked, inArn, version] of expected) {
          const context = valueOf<Context>(await lambda.invoke(name, {}, asked ? { Qualifier: asked } : {}))
          assert.equal(context.invokedFunctionArn, lambda.arn(name, inArn))
          assert.equal(context.functionVersion, version)
        }
      },
    },
    ...[
      ['', 'green'],
      [', text beyond ASCII too', 'grün 漢'],
    ].map(([more, colour]) => ({
      name: `the client context reaches the handler decoded${more ?? ''}`,
      run: async (lambda: CaseContext): Promise<void> => {
        const name = await lambda.create('context-node')
        const clientContext = { custom: { colour }, env: { locale: 'de' }, client: { app_title: 'shop' } }
        const encoded = Buffer.from(JSON.stringify(clientContext)).toString('base64')
        const answer = await lambda.invoke(name, {}, { ClientContext: encoded })
        assert.deepEqual(valueOf<Context>(answer).clientContext, clientContext)
      },
    })),
    {
      name: 'the log tail goes from START to REPORT with the lines between them',
      run: async (lambda) => {
        const name = await lambda.create('misbehave-node', { MemorySize: 192 })
        const { log, requestId } = await lambda.invoke(
          name,
          { do: 'print', text: 'a printed line' },
          { LogType: 'Tail' },
        )
        const lines = log.split('\n')
        assert.equal(lines[0], `START RequestId: ${requestId} Version: $LATEST`)
        const printed = lines[1] ?? ''
        assert.match(
          printed,
          new RegExp(`^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z\\t${requestId}\\tINFO\\ta printed line$`),
        )
        assert.equal(lines[2], `END RequestId: ${requestId}`)
        const memory = 'Memory Size: 192 MB\\tMax Memory Used: [1-9]\\d* MB'
        const cold = new RegExp(
          `^REPORT RequestId: ${requestId}\\tDuration: \\d+\\.\\d\\d ms\\tBilled Duration: \\d+ ms\\t${memory}\\tInit Duration: \\d+\\.\\d\\d ms\\t$`,
        )
        assert.match(lines[3] ?? '', cold)
        assert.ok(!log.includes('INIT_START'))
      },
    },
    {
      name: 'REPORT of a cold invocation bills the initialisation, too',
      run: async (lambda) => {
        const { log } = await lambda.invoke(await lambda.create('hello-node'), {}, { LogType: 'Tail' })
        const figures = /\tDuration: ([\d.]+) ms\tBilled Duration: (\d+) ms\t.*\tInit Duration: ([\d.]+) ms\t/.exec(log)
        assert.ok(figures, log)
        const [, duration, billed, init] = figures.map(Number)
        assert.ok(Math.abs(Number(billed) - Math.ceil(Number(duration) + Number(init))) <= 1, log)
      },
    },
    {
      name: 'REPORT of a warm invocation has no Init Duration and bills the duration rounded up',
      run: async (lambda) => {
        const name = await lambda.create('misbehave-node')
        await lambda.invoke(name, { do: 'count' })
        const { log } = await lambda.invoke(name, { do: 'sleep', ms: 20 }, { LogType: 'Tail' })
        const report =
          /Duration: (\d+\.\d\d) ms\tBilled Duration: (\d+) ms\tMemory Size: 128 MB\tMax Memory Used: \d+ MB\t\n/.exec(
            log,
          )
        assert.ok(report, log)
        assert.ok(Number(report[1]) >= 19, log)
        assert.equal(Number(report[2]), Math.ceil(Number(report[1])))
        assert.ok(!log.includes('Init Duration'), log)
      },
    },
    {
      name: 'no log is returned unless requested',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        assert.equal((await lambda.invoke(name)).log, '')
        assert.equal((await lambda.invoke(name, {}, { LogType: 'None' })).log, '')
      },
    },
    {
      name: 'the log tail is the last 4 KB',
      run: async (lambda) => {
        const name = await lambda.create('misbehave-node')
        const { log, requestId } = await lambda.invoke(
          name,
          { do: 'flood', lines: 200, width: 100 },
          { LogType: 'Tail' },
        )
        assert.ok(Buffer.byteLength(log) <= 4096, `${String(Buffer.byteLength(log))} bytes`)
        assert.ok(Buffer.byteLength(log) > 3500, `${String(Buffer.byteLength(log))} bytes`)
        assert.ok(log.includes(`REPORT RequestId: ${requestId}`), log)
        assert.ok(log.includes('199 ...'), log)
        assert.ok(!log.includes('START RequestId'), log)
      },
    },
    {
      name: 'the log tail is of this invocation only',
      run: async (lambda) => {
        const name = await lambda.create('misbehave-node')
        await lambda.invoke(name, { do: 'print', text: 'of the first' })
        const { log } = await lambda.invoke(name, { do: 'print', text: 'of the second' }, { LogType: 'Tail' })
        assert.ok(log.includes('of the second') && !log.includes('of the first'), log)
      },
    },
    {
      name: 'an event of just under 6 MB is delivered intact',
      timeoutMs: 90_000,
      run: async (lambda) => {
        const name = await lambda.create('echo-node', { MemorySize: 512, Timeout: 30 })
        const event = 'x'.repeat(6 * megabytes - 200)
        const answer = await lambda.invoke(name, event)
        assert.equal(answer.text.length, event.length + 2)
      },
    },
    {
      name: 'an event of more than 6 MB is too large',
      timeoutMs: 90_000,
      run: async (lambda) => {
        const name = await lambda.create('echo-node')
        await refuses(lambda.invoke(name, 'x'.repeat(6 * megabytes + 4096)), {
          status: 413,
          name: 'RequestTooLargeException',
        })
      },
    },
    {
      name: 'an asynchronous event of more than 1 MB is too large',
      run: async (lambda) => {
        const name = await lambda.create('echo-node')
        const call = lambda.invoke(name, 'x'.repeat(megabytes + 4096), { InvocationType: 'Event' })
        await refuses(call, { status: 413, name: 'RequestTooLargeException' })
      },
    },
    {
      name: 'a response of just under 6 MB is returned intact',
      timeoutMs: 90_000,
      run: async (lambda) => {
        const name = await lambda.create('misbehave-node', { MemorySize: 512, Timeout: 30 })
        const answer = await lambda.invoke(name, { do: 'large', bytes: 6 * megabytes })
        assert.equal(answer.functionError, undefined)
        assert.equal(answer.text.length, 6 * megabytes)
      },
    },
    {
      name: 'a response of more than 6 MB is a function error and the environment is kept',
      timeoutMs: 90_000,
      run: async (lambda) => {
        const name = await lambda.create('misbehave-node', { MemorySize: 512, Timeout: 30 })
        await lambda.invoke(name, { do: 'count' })
        const expected =
          '{"errorMessage":"Response payload size exceeded maximum allowed payload size (6291556 bytes).","errorType":"Function.ResponseSizeTooLarge"}'
        for (let turn = 0; turn < 2; turn += 1) {
          const answer = await lambda.invoke(name, { do: 'large', bytes: 6_291_557 })
          assert.deepEqual([answer.status, answer.functionError, answer.text], [200, 'Unhandled', expected])
        }
        answers(await lambda.invoke(name, { do: 'count' }), { calls: 2 })
      },
    },
    {
      name: 'an unknown qualifier form with the function name is refused without any effect',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        await refuses(
          lambda.invoke(`${name}:1`, {}, { Qualifier: '2' }),
          badParameter('The derived qualifier from the function name does not match the specified qualifier.'),
        )
      },
    },
    {
      name: 'environments are reused: globals and /tmp survive from one invocation to the next',
      run: async (lambda) => {
        const name = await lambda.create('misbehave-node')
        for (const calls of [1, 2, 3]) answers(await lambda.invoke(name, { do: 'count' }), { calls })
        for (const count of [1, 2]) answers(await lambda.invoke(name, { do: 'countInTmp' }), { count })
      },
    },
  ],
}
