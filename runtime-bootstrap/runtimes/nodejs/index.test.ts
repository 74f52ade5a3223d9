import { afterEach, describe, expect, test } from '@jest/globals'
import type { Assignment } from '../../protocol.ts'
import { supervise, variablesOf, type Supervised } from '../../supervisor.harness.ts'

const started: Supervised[] = []
afterEach(async () => {
  await Promise.all(started.splice(0).map((supervised) => supervised.shutdown()))
})

async function start(files: string | Record<string, string>, handler = 'index.handler', variables = {}) {
  const environment = await supervise(typeof files === 'string' ? { 'index.js': files } : files)
  started.push(environment)
  const all = { ...variablesOf(environment.folder), _HANDLER: handler, ...variables }
  environment.assign({ variables: all } satisfies Partial<Assignment>)
  return environment
}

async function answerOf(files: string | Record<string, string>, event = '{}', handler?: string): Promise<string> {
  return (await (await start(files, handler)).invoke({ event })).payload
}

describe('a handler is found', () => {
  test.each<[string, string, Record<string, string>]>([
    ['in CommonJS', 'index.handler', { 'index.js': 'exports.handler = async () => 1' }],
    ['in a .cjs file', 'index.handler', { 'index.cjs': 'exports.handler = async () => 1' }],
    ['in an ES module', 'index.handler', { 'index.mjs': 'export const handler = async () => 1' }],
    [
      'in an ES module by package.json, with top-level await',
      'index.handler',
      {
        'package.json': '{"type":"module"}',
        'index.js': 'const one = await Promise.resolve(1); export const handler = async () => one',
      },
    ],
    [
      'in a folder, deep in an object',
      'src/app.api.v1.run',
      { 'src/app.js': 'exports.api = { v1: { run: async () => 1 } }' },
    ],
    ['as a default export', 'index.default', { 'index.mjs': 'export default async () => 1' }],
  ])('%s', async (_name, handler, files) => {
    expect(await answerOf(files, '{}', handler)).toBe('1')
  })

  test.each<[string, string, Record<string, string>, string, string]>([
    ['no such file', 'gone.handler', {}, 'Runtime.ImportModuleError', "Error: Cannot find module 'gone'"],
    [
      'no such import',
      'index.handler',
      { 'index.js': `require('not-there')` },
      'Runtime.ImportModuleError',
      "Error: Cannot find module 'not-there'",
    ],
    [
      'no such export',
      'index.gone',
      { 'index.js': '' },
      'Runtime.HandlerNotFound',
      'index.gone is undefined or not exported',
    ],
    [
      'no function',
      'index.handler',
      { 'index.js': 'exports.handler = 1' },
      'Runtime.HandlerNotFound',
      'index.handler is not a function',
    ],
    ['no name', 'index', {}, 'Runtime.MalformedHandlerName', 'Bad handler'],
    [
      'broken syntax',
      'index.handler',
      { 'index.js': 'exports.handler = = 1' },
      'Runtime.UserCodeSyntaxError',
      "SyntaxError: Unexpected token '='",
    ],
  ])('or missed: %s', async (_name, handler, files, errorType, message) => {
    const environment = await start(files, handler)
    const { payload, response } = await environment.invoke()
    const error = JSON.parse(payload)
    expect(response.functionError).toBe('Unhandled')
    expect(Object.keys(error)).toEqual(['errorType', 'errorMessage', 'trace'])
    expect(error.errorType).toBe(errorType)
    expect(error.errorMessage.split('\n')[0]).toBe(message)
    expect(environment.log()).toMatch(
      new RegExp(`\\tundefined\\tERROR\\tUncaught Exception \\t\\{"errorType":"${errorType}"`),
    )
  })
})

describe('a handler answers', () => {
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

  test('by an HTTP stream with its prelude', async () => {
    const { payload, response } = await (
      await start(`exports.handler = awslambda.streamifyResponse(async (event, stream) => {
        stream = awslambda.HttpResponseStream.from(stream, { statusCode: 201 }); stream.write('body'); stream.end() })`)
    ).invoke()
    expect(payload).toBe('{"statusCode":201}\0\0\0\0\0\0\0\0body')
    expect(response.contentType).toBe('application/vnd.awslambda.http-integration-response')
  })
})

describe('a handler fails', () => {
  test.each([
    ['by throwing', `exports.handler = async () => { throw new RangeError('no') }`, 'RangeError', 'no'],
    ['by throwing before it is async', `exports.handler = () => { throw new Error('no') }`, 'Error', 'no'],
    ['by callback', `exports.handler = (e, c, callback) => callback(new TypeError('no'))`, 'TypeError', 'no'],
    ['with a text', `exports.handler = (e, c, callback) => callback('no')`, 'string', 'no'],
    ['by context.fail', `exports.handler = (e, c) => c.fail(new Error('no'))`, 'Error', 'no'],
    ['with what is no JSON', `exports.handler = async () => 1n`, 'Runtime.MarshalError', 'Do not know how'],
  ])('%s, and stays warm', async (_name, code, errorType, message) => {
    const environment = await start(code)
    for (let round = 0; round < 2; round++) {
      const { payload, log, response } = await environment.invoke()
      expect(response.functionError).toBe('Unhandled')
      expect(JSON.parse(payload)).toMatchObject({
        errorType: expect.any(String),
        errorMessage: expect.stringContaining(message),
      })
      if (errorType !== 'Runtime.MarshalError') expect(JSON.parse(payload).errorType).toBe(errorType)
      expect(log).toContain('\tERROR\tInvoke Error \t{"errorType":')
      if (round === 1) expect(log).not.toContain('INIT_START')
    }
  })

  test('by an exception that nobody catches, which ends the runtime', async () => {
    const environment = await start(
      `exports.handler = async () => { setTimeout(() => { throw new Error('late') }, 0); await new Promise(() => setInterval(() => 0, 1000)) }`,
    )
    const { payload, log, done } = await environment.invoke()
    expect(JSON.parse(payload)).toMatchObject({ errorType: 'Error', errorMessage: 'late' })
    expect(log).toContain('\tERROR\tUncaught Exception \t{"errorType":"Error","errorMessage":"late"')
    expect(done.errorType).toBe('Runtime.ExitError')
  })

  test('by a rejection that nobody handles', async () => {
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
  test('has what AWS gives', async () => {
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

describe('the console', () => {
  const levels = `exports.handler = async () => { console.log('a\\nb %d', 1, { c: 2 }); console.info('i'); console.warn('w'); console.error('e'); console.debug('d'); console.trace('t'); process.stdout.write('plain\\n') }`

  test('puts time, id and level before each line and keeps an event on one line', async () => {
    const { log, done } = await (await start(levels)).invoke()
    const id = done.requestId
    const lines = log.split('\n').slice(2, -3)
    expect(lines.map((line) => line.replace(/^[-\d]+T[:.\d]+Z\t/, ''))).toEqual([
      `${id}\tINFO\ta\rb 1 { c: 2 }`,
      `${id}\tINFO\ti`,
      `${id}\tWARN\tw`,
      `${id}\tERROR\te`,
      `${id}\tDEBUG\td`,
      `${id}\tTRACE\tt`,
      'plain',
    ])
  })

  test('writes JSON from the level on that is configured', async () => {
    const variables = { AWS_LAMBDA_LOG_FORMAT: 'JSON', AWS_LAMBDA_LOG_LEVEL: 'WARN' }
    const { log, done } = await (await start(levels, undefined, variables)).invoke()
    const lines = log.split('\n').filter((line) => line.startsWith('{'))
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { timestamp: expect.any(String), level: 'WARN', requestId: done.requestId, message: 'w' },
      { timestamp: expect.any(String), level: 'ERROR', requestId: done.requestId, message: 'e' },
    ])
  })
})
