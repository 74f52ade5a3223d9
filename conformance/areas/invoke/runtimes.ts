import assert from 'node:assert/strict'
import type { Area } from '../../case/case.ts'
import { answers, failureOf, valueOf } from '../../case/expect.ts'

/** An event as API Gateway's HTTP API sends it. */
function httpEvent(method: string, path: string, body?: unknown) {
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: path,
    rawQueryString: 'colour=green',
    headers: { 'content-type': 'application/json', 'user-agent': 'conformance', host: 'example.test' },
    queryStringParameters: { colour: 'green' },
    requestContext: {
      http: { method, path, protocol: 'HTTP/1.1', sourceIp: '192.0.2.1', userAgent: 'conformance' },
      stage: '$default',
      requestId: 'id',
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    isBase64Encoded: false,
  }
}

interface HttpAnswer {
  readonly statusCode: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Handler styles and real applications in each runtime. */
export const runtimes: Area = {
  name: 'runtimes',
  cases: [
    {
      name: 'Node.js: an Express application behind serverless-http',
      run: async (lambda) => {
        const name = await lambda.create('express')
        const found = valueOf<HttpAnswer>(await lambda.invoke(name, httpEvent('GET', '/orders/7')))
        assert.equal(found.statusCode, 201)
        assert.equal(found.headers['x-order'], '7')
        assert.deepEqual(JSON.parse(found.body), { id: '7', agent: 'conformance' })
        const stored = valueOf<HttpAnswer>(await lambda.invoke(name, httpEvent('POST', '/orders', { amount: 3 })))
        assert.deepEqual(JSON.parse(stored.body), { stored: { amount: 3 } })
        const broken = valueOf<HttpAnswer>(await lambda.invoke(name, httpEvent('GET', '/broken')))
        assert.deepEqual([broken.statusCode, JSON.parse(broken.body)], [500, { failed: 'the route is broken' }])
        const missing = valueOf<HttpAnswer>(await lambda.invoke(name, httpEvent('GET', '/missing')))
        assert.deepEqual([missing.statusCode, missing.body], [404, 'no route GET /missing'])
      },
    },
    {
      name: 'Node.js: TypeScript bundled by esbuild with Powertools and Middy',
      run: async (lambda) => {
        const name = await lambda.create('powertools')
        const answer = await lambda.invoke(name, { id: 'a1', amounts: [1, 2, 3] }, { LogType: 'Tail' })
        answers(answer, { id: 'a1', total: 6, calls: 1, requestId: answer.requestId })
        const line = answer.log.split('\n').find((text) => text.includes('order received')) ?? '{}'
        const entry = JSON.parse(line.slice(line.indexOf('{'))) as Record<string, unknown>
        assert.deepEqual(
          [entry['level'], entry['orderId'], entry['function_name'], entry['function_request_id'], entry['cold_start']],
          ['INFO', 'a1', name, answer.requestId, true],
        )
        const failure = failureOf(await lambda.invoke(name, { id: 'a2', amounts: [] }))
        assert.deepEqual([failure['errorType'], failure['errorMessage']], ['RangeError', 'an order needs an amount'])
        const warm = await lambda.invoke(name, { id: 'a3', amounts: [4] })
        answers(warm, { id: 'a3', total: 4, calls: 2, requestId: warm.requestId })
      },
    },
    {
      name: 'Node.js: an ES module with top-level await',
      run: async (lambda) => {
        answers(await lambda.invoke(await lambda.create('top-level-await')), {
          loaded: 3,
          colour: 'green',
          path: 'a/b',
        })
      },
    },
    {
      name: 'Node.js: a CommonJS handler with a callback answers and fails',
      run: async (lambda) => {
        const name = await lambda.create('callback')
        answers(await lambda.invoke(name, { a: 1 }), { answered: { a: 1 }, pending: 0 })
        const failure = failureOf(await lambda.invoke(name, { error: 'by callback' }))
        assert.deepEqual([failure['errorType'], failure['errorMessage']], ['TypeError', 'by callback'])
      },
    },
    {
      name: 'Node.js: the response of a callback waits for an empty event loop by default',
      run: async (lambda) => {
        const name = await lambda.create('callback')
        await lambda.invoke(name, { warm: true })
        const waited = await lambda.invoke(name, { timerMs: 400 }, { LogType: 'Tail' })
        assert.ok(durationOf(waited.log) >= 390, waited.log)
        const quick = await lambda.invoke(name, { timerMs: 1500, keepWaiting: false }, { LogType: 'Tail' })
        assert.ok(durationOf(quick.log) < 1400, quick.log)
      },
    },
    {
      name: 'Node.js: context.succeed, context.fail and context.done',
      run: async (lambda) => {
        const name = await lambda.create('callback', { Handler: 'index.succeed' })
        answers(await lambda.invoke(name, 5), { succeeded: 5 })
        await lambda.configure(name, { Handler: 'index.done' })
        answers(await lambda.invoke(name, 5), { done: 5 })
        await lambda.configure(name, { Handler: 'index.fail' })
        assert.equal(failureOf(await lambda.invoke(name, 5))['errorMessage'], 'failed by context')
      },
    },
    {
      name: 'Node.js 24: a handler with a callback is refused, and the context has no callbacks',
      run: async (lambda) => {
        const name = await lambda.create('callback', { Runtime: 'nodejs24.x' })
        const failure = failureOf(await lambda.invoke(name))
        assert.equal(failure['errorType'], 'Runtime.CallbackHandlerDeprecated')
        assert.match(String(failure['errorMessage']), /removed support for callback-based function handlers/)
        await lambda.configure(name, { Handler: 'index.succeed' })
        const missing = failureOf(await lambda.invoke(name))
        assert.deepEqual(
          [missing['errorType'], missing['errorMessage']],
          ['TypeError', 'context.succeed is not a function'],
        )
      },
    },
    {
      name: 'Node.js 24: a handler that is not async answers what it returns; before, that is ignored',
      run: async (lambda) => {
        const name = await lambda.create('callback', { Runtime: 'nodejs24.x', Handler: 'index.plain' })
        answers(await lambda.invoke(name), { returned: true })
        await lambda.configure(name, { Runtime: 'nodejs22.x' })
        answers(await lambda.invoke(name), null)
      },
    },
    {
      name: 'Node.js: a promise that never settles is an error once the event loop is empty',
      run: async (lambda) => {
        const name = await lambda.create('callback', { Handler: 'index.never' })
        assert.equal(failureOf(await lambda.invoke(name))['errorType'], 'Runtime.NodeJsExit')
      },
    },
    {
      name: 'Node.js: a handler nested in objects of the module',
      run: async (lambda) => {
        answers(
          await lambda.invoke(await lambda.create('callback', { Handler: 'index.nested.deep.handler' })),
          'nested',
        )
      },
    },
    {
      name: 'Node.js: a streaming handler invoked without streaming answers the whole text',
      run: async (lambda) => {
        const answer = await lambda.invoke(await lambda.create('streaming'), { chunks: 3 })
        assert.equal(answer.functionError, undefined, answer.text)
        assert.equal(answer.text, 'chunk 0\nchunk 1\nchunk 2\n')
      },
    },
    {
      name: 'Node.js: console methods write time, request id and level before the text',
      run: async (lambda) => {
        const { log, requestId } = await lambda.invoke(
          await lambda.create('misbehave-node'),
          { do: 'levels' },
          { LogType: 'Tail' },
        )
        for (const [level, text] of [
          ['DEBUG', 'a debug line'],
          ['INFO', 'an info line'],
          ['WARN', 'a warning line'],
          ['ERROR', 'an error line'],
        ]) {
          assert.match(
            log,
            new RegExp(
              `^\\d{4}-\\d\\d-\\d\\dT[\\d:]{8}\\.\\d{3}Z\\t${requestId}\\t${level ?? ''}\\t${text ?? ''}$`,
              'm',
            ),
          )
        }
      },
    },
    {
      name: 'Node.js: the context is complete',
      run: async (lambda) => {
        const name = await lambda.create('context-node', { MemorySize: 256, Timeout: 10 })
        const { remainingMs, awsRequestId, logStreamName, traceId, ...rest } = valueOf<Record<string, unknown>>(
          await lambda.invoke(name),
        )
        assert.deepEqual(rest, {
          functionName: name,
          functionVersion: '$LATEST',
          memoryLimitInMB: '256',
          logGroupName: `/aws/lambda/${name}`,
          invokedFunctionArn: lambda.arn(name),
          clientContext: null,
          identity: null,
        })
        assert.ok(Number(remainingMs) > 5_000 && Number(remainingMs) <= 10_000)
        assert.match(String(awsRequestId), /^[0-9a-f-]{36}$/)
        assert.match(String(logStreamName), /^\d{4}\/\d\d\/\d\d\/\[\$LATEST\][0-9a-f]{32}$/)
        assert.match(String(traceId), /^Root=1-[0-9a-f]{8}-[0-9a-f]{24}/)
      },
    },
    {
      name: 'Python: hello, echo and print',
      needs: 'python',
      run: async (lambda) => {
        answers(await lambda.invoke(await lambda.create('hello-python')), { message: 'hello' })
        const event = { text: 'größe 😀', list: [1, 2.5, null, true] }
        answers(await lambda.invoke(await lambda.create('echo-python'), event), event)
        const name = await lambda.create('misbehave-python')
        const { log } = await lambda.invoke(name, { do: 'print', text: 'printed as it is' }, { LogType: 'Tail' })
        assert.match(log, /^printed as it is$/m)
      },
    },
    {
      name: 'Python: the logging module writes level, time and request id before the text',
      needs: 'python',
      run: async (lambda) => {
        const { log, requestId } = await lambda.invoke(
          await lambda.create('misbehave-python'),
          { do: 'levels' },
          { LogType: 'Tail' },
        )
        for (const [level, text] of [
          ['INFO', 'an info line'],
          ['WARNING', 'a warning line'],
          ['ERROR', 'an error line'],
        ]) {
          assert.match(
            log,
            new RegExp(
              `^\\[${level ?? ''}\\]\\t\\d{4}-\\d\\d-\\d\\dT[\\d:]{8}\\.\\d{3}Z\\t${requestId}\\t${text ?? ''}$`,
              'm',
            ),
          )
        }
      },
    },
    {
      name: 'Python: packages in the zip with their metadata',
      needs: 'python',
      run: async (lambda) => {
        const event = { title: 'the lord OF the rings', amounts: ['1.10', '2'] }
        answers(await lambda.invoke(await lambda.create('python-packages'), event), {
          title: 'The Lord of the Rings',
          total: '3.10',
          versions: { plainwords: '2.1.0', ordertotal: '1.4.2' },
          requires: ['plainwords >=2'],
          commands: ['plainwords'],
        })
      },
    },
    {
      name: 'Python: the context is complete',
      needs: 'python',
      run: async (lambda) => {
        const name = await lambda.create('context-python', { Timeout: 10 })
        const clientContext = Buffer.from(JSON.stringify({ custom: { a: 'b' }, env: { c: 'd' } })).toString('base64')
        const answer = await lambda.invoke(name, {}, { ClientContext: clientContext })
        const { remaining_ms, log_stream_name, ...rest } = valueOf<Record<string, unknown>>(answer)
        assert.deepEqual(rest, {
          function_name: name,
          function_version: '$LATEST',
          memory_limit_in_mb: '128',
          log_group_name: `/aws/lambda/${name}`,
          invoked_function_arn: lambda.arn(name),
          aws_request_id: answer.requestId,
          client_context: { custom: { a: 'b' }, env: { c: 'd' } },
          module: 'awslambdaric.lambda_context',
        })
        assert.ok(Number(remaining_ms) > 5_000 && Number(remaining_ms) <= 10_000)
        assert.match(String(log_stream_name), /^\d{4}\/\d\d\/\d\d\/\[\$LATEST\][0-9a-f]{32}$/)
      },
    },
    {
      name: 'Ruby: hello and echo',
      needs: 'ruby',
      run: async (lambda) => {
        answers(await lambda.invoke(await lambda.create('hello-ruby')), { message: 'hello' })
        const event = { text: 'größe', list: [1, 2.5, null, true] }
        answers(await lambda.invoke(await lambda.create('echo-ruby'), event), event)
      },
    },
    {
      name: 'a bootstrap in bash answers, fails and answers again',
      run: async (lambda) => {
        const name = await lambda.create('shell-bootstrap')
        const answer = await lambda.invoke(name, { a: 'ö' }, { LogType: 'Tail' })
        answers(answer, { shell: true, event: { a: 'ö' } })
        assert.match(answer.log, /^shell got 10 bytes$/m)
        assert.deepEqual(failureOf(await lambda.invoke(name, { fail: 1 })), {
          errorMessage: 'exit status 3',
          errorType: 'Function.Failed',
        })
        answers(await lambda.invoke(name, 2), { shell: true, event: 2 })
      },
    },
    {
      name: 'a static native bootstrap answers, also a large event',
      run: async (lambda) => {
        const name = await lambda.create('native-bootstrap')
        answers(await lambda.invoke(name, { a: 1 }), { native: true, event: { a: 1 } })
        const large = 'x'.repeat(2_000_000)
        answers(await lambda.invoke(name, large), { native: true, event: large })
      },
    },
    {
      name: 'provided.al2 runs the same bootstrap',
      run: async (lambda) => {
        answers(await lambda.invoke(await lambda.create('native-bootstrap', { Runtime: 'provided.al2' }), 1), {
          native: true,
          event: 1,
        })
      },
    },
  ],
}

function durationOf(log: string): number {
  return Number(/\tDuration: (\d+\.\d\d) ms/.exec(log)?.[1])
}
