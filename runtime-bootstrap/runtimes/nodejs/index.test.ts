import { describe, expect, test } from '@jest/globals'
import { supervise } from '../../supervisor/supervisor.harness.ts'
import { answerOf, node24, start, untilTestEnds } from './node-runtime.harness.ts'

describe('a handler responds', () => {
  test.each([
    ['by a promise', 'exports.handler = async () => ({ a: 1 })', '{"a":1}'],
    ['by a thenable', 'exports.handler = () => ({ then: (resolve) => resolve(7) })', '7'],
    ['nothing', 'exports.handler = async () => {}', 'null'],
    ['by callback', `exports.handler = (e, c, callback) => setTimeout(callback, 5, null, 'later')`, '"later"'],
    ['by context.succeed', `exports.handler = (e, c) => { setInterval(() => 0, 1000); c.succeed('now') }`, '"now"'],
    ['by context.done', `exports.handler = (e, c) => c.done(null, 'done')`, '"done"'],
    ['nothing when it returns a value without being async', 'exports.handler = () => 5', 'null'],
    [
      'by callback only once the event loop is empty',
      `exports.handler = (e, c, callback) => { const o = { n: 0 }; setTimeout(() => { o.n = 1 }, 30); callback(null, o) }`,
      '{"n":1}',
    ],
    [
      'by callback at once when it asks for that',
      `exports.handler = (e, c, callback) => { c.callbackWaitsForEmptyEventLoop = false; setInterval(() => 0, 1000); callback(null, 1) }`,
      '1',
    ],
  ])('%s', async (_name, code, payload) => {
    expect(await answerOf(code)).toBe(payload)
  })

  test('by callback each time, one after the other', async () => {
    const environment = await start('exports.handler = (e, c, callback) => callback(null, e)')
    for (const event of ['1', '2', '3']) expect((await environment.invoke({ event })).payload).toBe(event)
  })

  test('by a stream', async () => {
    const environment = await start(`exports.handler = awslambda.streamifyResponse(async (event, stream, context) => {
      stream.setContentType('text/plain'); stream.write('a'); stream.write(context.awsRequestId.slice(0, 4)); stream.end('z') })`)
    for (let round = 0; round < 2; round++) {
      const { payload, response } = await environment.invoke()
      expect([payload, response.contentType]).toEqual(['a0000z', 'text/plain'])
    }
  })

  test('by a stream that is the second of three parameters, also for Node.js 24', async () => {
    const code =
      'exports.handler = awslambda.streamifyResponse(async (event, stream, context) => stream.end(context.functionName))'
    expect((await (await start(code, undefined, node24)).invoke()).payload).toBe('f')
  })

  test('by an HTTP stream with its prelude', async () => {
    const { payload, response } = await (
      await start(`exports.handler = awslambda.streamifyResponse(async (event, stream) => {
        stream = awslambda.HttpResponseStream.from(stream, { statusCode: 201 }); stream.write('body'); stream.end() })`)
    ).invoke()
    expect(payload).toBe('{"statusCode":201}\0\0\0\0\0\0\0\0body')
    expect(response.contentType).toBe('application/vnd.awslambda.http-integration-response')
  })
})

describe('a handler for Node.js 24', () => {
  const start24 = (code: string) => start(code, undefined, node24)

  test.each([
    ['answers by a promise', 'exports.handler = async () => ({ a: 1 })', '{"a":1}'],
    ['answers by what it returns', 'exports.handler = () => ({ a: 1 })', '{"a":1}'],
    ['answers at once, whatever goes on', 'exports.handler = () => { setInterval(() => 0, 1000); return 5 }', '5'],
    ['finds no callback', 'exports.handler = function () { return arguments.length }', '2'],
    ['finds nothing in its context to answer by', `exports.handler = (e, c) => 'succeed' in c || 'done' in c`, 'false'],
  ])('%s', async (_name, code, payload) => {
    expect((await (await start24(code)).invoke()).payload).toBe(payload)
  })

  test('is also found in the default export', async () => {
    const files = { 'index.mjs': 'export default { handler: () => 1 }' }
    expect((await (await start(files, undefined, node24)).invoke()).payload).toBe('1')
    expect(JSON.parse(await answerOf(files))).toMatchObject({ errorType: 'Runtime.HandlerNotFound' })
  })

  test('fails with the rejection of a promise that it does not await', async () => {
    const environment = await start24(
      `exports.handler = async () => { void Promise.reject(new Error('lost')); return 1 }`,
    )
    const { payload, done } = await environment.invoke()
    expect(JSON.parse(payload)).toMatchObject({ errorType: 'Runtime.UnhandledPromiseRejection' })
    expect(done.errorType).toBe('Runtime.ExitError')
  })

  test('may not take a callback', async () => {
    const { payload } = await (
      await start24('exports.handler = (event, context, callback) => callback(null, 1)')
    ).invoke()
    expect(JSON.parse(payload)).toMatchObject({
      errorType: 'Runtime.CallbackHandlerDeprecated',
      errorMessage: expect.stringMatching(
        /^ERROR: AWS Lambda has removed support for callback-based function handlers/,
      ),
    })
  })

  test.each([
    ['exports.handler = async () => 1n', 'Runtime.JSONStringifyError'],
    ['exports.handler = () => new Promise(() => 0)', 'Runtime.NodeJsExit'],
    [`exports.handler = () => { throw new RangeError('no') }`, 'RangeError'],
  ])('fails: %s', async (code, errorType) => {
    expect(JSON.parse((await (await start24(code)).invoke()).payload)).toMatchObject({ errorType })
  })
})

describe('a streaming handler', () => {
  test('must be async', async () => {
    const environment = await start(
      `exports.handler = awslambda.streamifyResponse((event, stream) => stream.write('a'))`,
    )
    expect(JSON.parse((await environment.invoke()).payload)).toMatchObject({
      errorMessage: 'Streaming does not support non-async handlers.',
    })
  })

  test('that does not end its stream keeps the invocation open', async () => {
    const supervised = untilTestEnds(
      await supervise({
        'index.js': `exports.handler = awslambda.streamifyResponse(async (event, stream) => { stream.write('half') })`,
      }),
    )
    supervised.assign({ timeoutMs: 500 })
    expect((await supervised.invoke()).done).toMatchObject({ status: 'timeout' })
  })

  test('writes objects as JSON, and its return value is ignored with a warning', async () => {
    const { payload, log } = await (
      await start(
        `exports.handler = awslambda.streamifyResponse(async (event, stream) => { stream.write({ a: 1 }); stream.end(); return 1 })`,
      )
    ).invoke()
    expect(payload).toBe('{"a":1}')
    expect(log).toContain('\tWARN\tStreaming handlers ignore return values.\n')
  })
})

describe('a handler fails', () => {
  test.each([
    ['by throwing', `exports.handler = async () => { throw new RangeError('no') }`, 'RangeError', 'no'],
    ['by throwing before it is async', `exports.handler = () => { throw new Error('no') }`, 'Error', 'no'],
    ['by callback', `exports.handler = (e, c, callback) => callback(new TypeError('no'))`, 'TypeError', 'no'],
    ['with a text', `exports.handler = (e, c, callback) => callback('no')`, 'string', 'no'],
    ['by context.fail', `exports.handler = (e, c) => c.fail(new Error('no'))`, 'Error', 'no'],
    ['with what is no JSON', `exports.handler = async () => 1n`, 'Error', 'Unable to stringify response body'],
    [
      'by waiting for what never comes',
      `exports.handler = async () => { await new Promise(() => 0) }`,
      'Runtime.NodeJsExit',
      'caused by a Promise that was never settled',
    ],
  ])('%s, and stays warm', async (_name, code, errorType, message) => {
    const environment = await start(code)
    for (let round = 0; round < 2; round++) {
      const { payload, log, response } = await environment.invoke()
      expect(response.functionError).toBe('Unhandled')
      expect(JSON.parse(payload)).toMatchObject({ errorType, errorMessage: expect.stringContaining(message) })
      expect(log).toContain('\tERROR\tInvoke Error \t{"errorType":')
      if (round === 1) expect(log).not.toContain('INIT_START')
    }
  })

  test('by an uncaught exception, which ends the runtime', async () => {
    const environment = await start(
      `exports.handler = async () => { setTimeout(() => { throw new Error('late') }, 0); await new Promise(() => setInterval(() => 0, 1000)) }`,
    )
    const { payload, log, done } = await environment.invoke()
    expect(JSON.parse(payload)).toMatchObject({ errorType: 'Error', errorMessage: 'late' })
    expect(log).toContain('\tERROR\tUncaught Exception \t{"errorType":"Error","errorMessage":"late"')
    expect(done.errorType).toBe('Runtime.ExitError')
  })

  test('by a rejection after its response, which stands; the next event gets a new runtime', async () => {
    const environment = await start(
      `let n = 0; exports.handler = async (fail) => { if (fail) void Promise.reject(new Error('lost')); return ++n }`,
    )
    expect((await environment.invoke({ event: 'false' })).payload).toBe('1')
    const { payload, log, response } = await environment.invoke({ event: 'true' })
    expect([payload, response.functionError]).toEqual(['2', undefined])
    expect(log).toMatch(/\tERROR\tUnhandled Promise Rejection \t/)
    expect(log).toContain('Status: error\tError Type: Runtime.ExitError\n')
    expect((await environment.invoke({ event: 'false' })).payload).toBe('1')
  })

  test('by an unhandled rejection', async () => {
    const environment = await start(
      `exports.handler = async () => { Promise.reject(new Error('lost')); await new Promise(() => setInterval(() => 0, 1000)) }`,
    )
    const { payload, log } = await environment.invoke()
    expect(JSON.parse(payload)).toMatchObject({
      errorType: 'Runtime.UnhandledPromiseRejection',
      errorMessage: 'Error: lost',
    })
    expect(log).toMatch(
      /\tERROR\tUnhandled Promise Rejection \t\{"errorType":"Runtime.UnhandledPromiseRejection","errorMessage":"Error: lost","reason":\{"errorType":"Error","errorMessage":"lost","stack":\[.*\]\},"promise":\{\},"stack":\[/,
    )
  })

  test('in the middle of its stream', async () => {
    const { payload, response } = await (
      await start(
        `exports.handler = awslambda.streamifyResponse(async (event, stream) => { stream.write('half'); await new Promise((r) => setTimeout(r, 20)); throw new Error('broke') })`,
      )
    ).invoke()
    expect(response.functionError).toBe('Unhandled')
    expect(JSON.parse(payload)).toMatchObject({ errorType: 'Error', errorMessage: 'broke' })
  })
})

describe('the context', () => {
  test("has AWS's members", async () => {
    const environment = await start(
      `exports.handler = async (e, c) => ({ ...c, left: c.getRemainingTimeInMillis(), trace: process.env._X_AMZN_TRACE_ID })`,
    )
    const functionArn = 'arn:aws:lambda:us-east-1:000000000000:function:f:live'
    const clientContext = '{"custom":{"key":"é"},"env":{}}'
    const { payload, done } = await environment.invoke({ functionArn, clientContext, traceId: 'Root=1-2-3' })
    expect(JSON.parse(payload)).toEqual({
      callbackWaitsForEmptyEventLoop: true,
      functionName: 'f',
      functionVersion: '$LATEST',
      invokedFunctionArn: functionArn,
      memoryLimitInMB: '512',
      awsRequestId: done.requestId,
      logGroupName: '/aws/lambda/f',
      logStreamName: '2026/01/01/[$LATEST]0',
      clientContext: { custom: { key: 'é' }, env: {} },
      left: expect.any(Number),
      trace: 'Root=1-2-3',
    })
  })
})
