import assert from 'node:assert/strict'
import type { Area } from '../../case/case.ts'
import { answers, failsWith, failureOf, valueOf } from '../../case/expect.ts'
import type { Answer, CaseContext } from '../../case/case-context.ts'

const slow = 90_000

/** Function errors: what the caller gets, and what becomes of the environment. */
export const errors: Area = {
  name: 'errors',
  cases: [
    ...(
      [
        ['throw', 'Error', 'thrown'],
        ['throwCustom', 'OrderError', 'refused'],
        ['reject', 'RangeError', 'rejected'],
      ] as const
    ).map(([action, errorType, errorMessage]) => ({
      name: `Node.js: an error by ${action} comes with type, message and trace, and the environment stays`,
      run: async (lambda: CaseContext): Promise<void> => {
        const name = await lambda.create('misbehave-node')
        await lambda.invoke(name, { do: 'count' })
        const failure = failureOf(await lambda.invoke(name, { do: action }))
        assert.deepEqual(Object.keys(failure), ['errorType', 'errorMessage', 'trace'])
        assert.deepEqual([failure['errorType'], failure['errorMessage']], [errorType, errorMessage])
        const trace = failure['trace'] as string[]
        assert.equal(trace[0], `${errorType}: ${errorMessage}`)
        assert.match(trace[1] ?? '', /^ {4}at .*\/var\/task\/index\.mjs:\d+:\d+/)
        answers(await lambda.invoke(name, { do: 'count' }), { calls: 2 })
      },
    })),
    {
      name: 'Python: an exception comes with message, type, request id and stack trace, and the environment stays',
      needs: 'python',
      run: async (lambda) => {
        const name = await lambda.create('misbehave-python')
        await lambda.invoke(name, { do: 'count' })
        const answer = await lambda.invoke(name, { do: 'throw', message: 'Handler fails' })
        const failure = failureOf(answer)
        assert.deepEqual(Object.keys(failure), ['errorMessage', 'errorType', 'requestId', 'stackTrace'])
        assert.deepEqual(
          [failure['errorMessage'], failure['errorType'], failure['requestId']],
          ['Handler fails', 'Exception', answer.requestId],
        )
        assert.match(
          (failure['stackTrace'] as string[])[0] ?? '',
          /^ {2}File "\/var\/task\/app\.py", line \d+, in handler\n {4}return /,
        )
        answers(await lambda.invoke(name, { do: 'count' }), { calls: 2 })
      },
    },
    {
      name: 'Python: a return value that is not serializable is a function error',
      needs: 'python',
      run: async (lambda) => {
        const failure = failureOf(
          await lambda.invoke(await lambda.create('misbehave-python'), { do: 'unserialisable' }),
        )
        assert.equal(failure['errorType'], 'Runtime.MarshalError')
        assert.match(
          String(failure['errorMessage']),
          /^Unable to marshal response: Object of type object is not JSON serializable/,
        )
      },
    },
    {
      name: 'Node.js: a return value that is not serializable is a function error and the environment is reused',
      run: async (lambda) => {
        const name = await lambda.create('misbehave-node')
        for (const action of ['circular', 'bigint']) failureOf(await lambda.invoke(name, { do: action }))
        answers(await lambda.invoke(name, { do: 'sleep', ms: 1 }), { slept: 1 })
      },
    },
    {
      name: 'a timeout returns Sandbox.Timedout with the configured time',
      run: async (lambda) => {
        const name = await lambda.create('misbehave-node', { Timeout: 1 })
        const answer = await lambda.invoke(name, { do: 'sleep', ms: 20_000 }, { LogType: 'Tail' })
        failsWith(answer, timedOut(answer, '1.00'))
        assert.match(answer.log, new RegExp(`${answer.requestId} Task timed out after 1\\.00 seconds`))
        assert.match(answer.log, /\tStatus: timeout\t?\n/)
      },
    },
    {
      name: 'an endless loop is ended by the timeout, and the next invocation initialises again with /tmp kept',
      run: async (lambda) => {
        const name = await lambda.create('misbehave-node', { Timeout: 2 })
        answers(await lambda.invoke(name, { do: 'count' }), { calls: 1 })
        answers(await lambda.invoke(name, { do: 'countInTmp' }), { count: 1 })
        const answer = await lambda.invoke(name, { do: 'loop' })
        failsWith(answer, timedOut(answer, '2.00'))
        answers(await lambda.invoke(name, { do: 'count' }), { calls: 1 })
        answers(await lambda.invoke(name, { do: 'countInTmp' }), { count: 2 })
      },
    },
    {
      name: 'Python: a timeout answers the same, and the next invocation initialises again',
      needs: 'python',
      run: async (lambda) => {
        const name = await lambda.create('misbehave-python', { Timeout: 3 })
        answers(await lambda.invoke(name, { do: 'count' }), { calls: 1 })
        const answer = await lambda.invoke(name, { do: 'sleep', ms: 20_000 })
        failsWith(answer, timedOut(answer, '3.00'))
        answers(await lambda.invoke(name, { do: 'count' }), { calls: 1 })
      },
    },
    ...(
      [
        ['misbehave-node', { do: 'exit', code: 0 }, 'Runtime exited without providing a reason'],
        ['misbehave-node', { do: 'exit', code: 127 }, 'Runtime exited with error: exit status 127'],
        ['misbehave-node', { do: 'kill', signal: 'SIGKILL' }, 'Runtime exited with error: signal: killed'],
        ['misbehave-python', { do: 'exitAtOnce', code: 0 }, 'Runtime exited without providing a reason'],
        ['misbehave-python', { do: 'exit', code: 0 }, 'Runtime exited without providing a reason'],
        ['misbehave-python', { do: 'exitAtOnce', code: 3 }, 'Runtime exited with error: exit status 3'],
      ] as const
    ).map(([fixture, event, text]) => ({
      name: `${fixture} ${JSON.stringify(event)} is Runtime.ExitError and the next invocation initialises again`,
      ...(fixture === 'misbehave-python' && { needs: 'python' as const }),
      run: async (lambda: CaseContext): Promise<void> => {
        const name = await lambda.create(fixture)
        answers(await lambda.invoke(name, { do: 'count' }), { calls: 1 })
        const answer = await lambda.invoke(name, event, { LogType: 'Tail' })
        failsWith(answer, exitError(answer, text))
        assert.match(answer.log, /\tStatus: error\tError Type: Runtime\.ExitError\t?\n/)
        answers(await lambda.invoke(name, { do: 'count' }), { calls: 1 })
      },
    })),
    {
      name: 'running out of memory kills the function, and the next invocation works',
      timeoutMs: slow,
      run: async (lambda) => {
        const name = await lambda.create('misbehave-node', { Timeout: 30, MemorySize: 128 })
        const answer = await lambda.invoke(name, { do: 'outOfMemory' })
        const failure = failureOf(answer)
        assert.match(String(failure['errorType']), /^Runtime\.(ExitError|OutOfMemory)$/)
        assert.equal(
          failure['errorMessage'],
          `RequestId: ${answer.requestId} Error: Runtime exited with error: signal: killed`,
        )
        answers(await lambda.invoke(name, { do: 'count' }), { calls: 1 })
      },
    },
    {
      name: 'Node.js: an error thrown at import is returned by each invocation',
      run: async (lambda) => {
        const name = await lambda.create('init-failures-node', { Handler: 'throws.handler' })
        for (let turn = 0; turn < 2; turn += 1) {
          const failure = failureOf(await lambda.invoke(name))
          assert.deepEqual([failure['errorType'], failure['errorMessage']], ['TypeError', 'thrown at import'])
        }
      },
    },
    {
      name: 'Python: an error raised at import has an empty request id, each time',
      needs: 'python',
      run: async (lambda) => {
        const name = await lambda.create('init-failures-python', { Handler: 'throws.handler' })
        for (let turn = 0; turn < 2; turn += 1) {
          const failure = failureOf(await lambda.invoke(name))
          assert.equal(failure['errorType'], 'ValueError')
          assert.equal(failure['errorMessage'], 'raised at import')
          assert.equal(failure['requestId'], '')
        }
        const { log } = await lambda.invoke(name, {}, { LogType: 'Tail' })
        assert.match(log, /LAMBDA_WARNING: Unhandled exception\. [^\n]*\n\[ERROR\] ValueError: raised at import/)
      },
    },
    {
      name: 'an exit at import is Runtime.ExitError, with and without a status',
      run: async (lambda) => {
        const name = await lambda.create('init-failures-node', { Handler: 'exits.handler' })
        const clean = await lambda.invoke(name)
        failsWith(clean, exitError(clean, 'Runtime exited without providing a reason'))
        await lambda.configure(name, { Environment: { Variables: { EXIT_CODE: '5' } } })
        const failed = await lambda.invoke(name)
        failsWith(failed, exitError(failed, 'Runtime exited with error: exit status 5'))
      },
    },
    {
      name: 'Python: an exit at import is Runtime.ExitError',
      needs: 'python',
      run: async (lambda) => {
        const name = await lambda.create('init-failures-python', { Handler: 'exits.handler' })
        const answer = await lambda.invoke(name)
        failsWith(answer, exitError(answer, 'Runtime exited without providing a reason'))
      },
    },
    {
      name: 'a custom runtime that ends before it asks for an event is Runtime.ExitError',
      run: async (lambda) => {
        const name = await lambda.create('exit-bootstrap', { Environment: { Variables: { EXIT_CODE: '9' } } })
        const answer = await lambda.invoke(name)
        failsWith(answer, exitError(answer, 'Runtime exited with error: exit status 9'))
      },
    },
    {
      name: 'a custom runtime that is missing is Runtime.InvalidEntrypoint',
      run: async (lambda) => {
        const name = await lambda.create('hello-node', { Runtime: 'provided.al2023' })
        const failure = failureOf(await lambda.invoke(name))
        assert.equal(failure['errorType'], 'Runtime.InvalidEntrypoint')
      },
    },
    {
      name: 'a custom runtime that never asks for an event runs into the timeout of the function',
      timeoutMs: slow,
      run: async (lambda) => {
        const name = await lambda.create('never-next', { Timeout: 2 })
        const answer = await lambda.invoke(name)
        failsWith(answer, timedOut(answer, '2.00'))
      },
    },
    {
      name: 'an initialisation that hangs is retried within the timeout of the function',
      timeoutMs: slow,
      run: async (lambda) => {
        const name = await lambda.create('init-failures-node', { Handler: 'hangs.handler', Timeout: 3 })
        const answer = await lambda.invoke(name)
        failsWith(answer, timedOut(answer, '3.00'))
      },
    },
    {
      name: 'a slow initialisation within the limit succeeds',
      run: async (lambda) => {
        const name = await lambda.create('init-failures-node', { Handler: 'slow.handler', Timeout: 1 })
        answers(await lambda.invoke(name), 'slow start')
      },
    },
    {
      name: 'an initialisation that fails once is retried in the first invocation and succeeds',
      run: async (lambda) => {
        const name = await lambda.create('init-failures-node', { Handler: 'once.handler' })
        answers(await lambda.invoke(name), 'second initialisation')
      },
    },
    {
      name: 'Node.js: a missing module, handler and package have different errors',
      run: async (lambda) => {
        const name = await lambda.create('init-failures-node', { Handler: 'absent.handler' })
        assert.equal(failureOf(await lambda.invoke(name))['errorType'], 'Runtime.ImportModuleError')
        for (const [handler, type] of [
          ['no-handler.absent', 'Runtime.HandlerNotFound'],
          ['no-handler.handler', 'Runtime.HandlerNotFound'],
          ['missing-import.handler', 'Runtime.ImportModuleError'],
          ['syntax.handler', 'Runtime.UserCodeSyntaxError'],
        ] as const) {
          await lambda.configure(name, { Handler: handler })
          assert.equal(failureOf(await lambda.invoke(name))['errorType'], type, handler)
        }
      },
    },
    {
      name: 'Python: a missing module, handler and package have different errors',
      needs: 'python',
      run: async (lambda) => {
        const name = await lambda.create('init-failures-python', { Handler: 'absent.handler' })
        const failure = failureOf(await lambda.invoke(name))
        assert.equal(failure['errorType'], 'Runtime.ImportModuleError')
        assert.equal(failure['errorMessage'], "Unable to import module 'absent': No module named 'absent'")
        for (const [handler, type] of [
          ['no_handler.absent', 'Runtime.HandlerNotFound'],
          ['missing_import.handler', 'Runtime.ImportModuleError'],
          ['syntax.handler', 'Runtime.UserCodeSyntaxError'],
        ] as const) {
          await lambda.configure(name, { Handler: handler })
          assert.equal(failureOf(await lambda.invoke(name))['errorType'], type, handler)
        }
      },
    },
    {
      name: 'the second answer to one event is refused and the next event is answered',
      run: async (lambda) => {
        const name = await lambda.create('double-response')
        answers(await lambda.invoke(name), { answer: 'first' })
        answers(await lambda.invoke(name), { answer: 'first' })
      },
    },
    {
      name: 'Node.js: an error outside the handler ends the runtime, and the next invocation initialises again',
      run: async (lambda) => {
        const name = await lambda.create('misbehave-node')
        for (const action of ['throwLater', 'rejectLater']) {
          await lambda.invoke(name, { do: 'count' })
          failureOf(await lambda.invoke(name, { do: action }))
          answers(await lambda.invoke(name, { do: 'count' }), { calls: 1 })
        }
      },
    },
    {
      name: 'code that runs on after the response does not reach the caller, and is frozen until the next event',
      run: async (lambda) => {
        const name = await lambda.create('misbehave-node')
        answers(await lambda.invoke(name, { do: 'afterResponse', ms: 1 }), { background: 0 })
        const after = valueOf<{ background: number }>(await lambda.invoke(name, { do: 'background' }))
        assert.ok(after.background <= 1)
      },
    },
  ],
}

function timedOut(answer: Answer, seconds: string): Record<string, unknown> {
  return {
    errorType: 'Sandbox.Timedout',
    errorMessage: `RequestId: ${answer.requestId} Error: Task timed out after ${seconds} seconds`,
  }
}

function exitError(answer: Answer, text: string): Record<string, unknown> {
  return { errorType: 'Runtime.ExitError', errorMessage: `RequestId: ${answer.requestId} Error: ${text}` }
}
