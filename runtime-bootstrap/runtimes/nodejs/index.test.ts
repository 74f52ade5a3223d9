import { afterEach, describe, expect, test } from '@jest/globals'
import { execFileSync } from 'node:child_process'
import type { Assignment } from '../../protocol/protocol.ts'
import { nodeClient, standbyFor, supervise, variablesOf, type Supervised } from '../../supervisor/supervisor.harness.ts'

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

const node24 = { AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x' }

async function answerOf(files: string | Record<string, string>, event = '{}', handler?: string): Promise<string> {
  return (await (await start(files, handler)).invoke({ event })).payload
}

/** This Node.js, and those of the machine: versions before 22.15 need other hooks. */
const nodes = [process.execPath, '/usr/bin/node', '/usr/local/bin/node'].flatMap((path) => {
  try {
    return [[execFileSync(path, ['--version'], { encoding: 'utf8' }).trim(), path] as const]
  } catch {
    return []
  }
})

/** Packages as layers bring them, one in the folder of a version. They are in no package of the function. */
const layer = {
  'opt/package.json': '{}',
  'opt/node_modules/modern/package.json':
    '{"name":"modern","type":"module","exports":{".":"./main.js","./sub":{"import":"./sub.js"}}}',
  'opt/node_modules/modern/main.js': 'export const word = "modern"',
  'opt/node_modules/modern/sub.js': 'export const word = "sub"',
  'opt/node_modules/old/index.js': 'module.exports = { word: "old" }',
  'opt/node_modules/@scope/pkg/package.json': '{"name":"@scope/pkg","main":"./main.js"}',
  'opt/node_modules/@scope/pkg/main.js': 'exports.word = "scoped"',
  'opt/node_modules/@scope/pkg/lib/deep.mjs': 'export const word = "deep"',
  'opt/node_modules/leans/package.json': '{"name":"leans","type":"module","main":"./main.js"}',
  'opt/node_modules/leans/main.js': 'export { word } from "versioned"',
  'opt/node24/node_modules/versioned/package.json': '{"name":"versioned","type":"module","exports":"./main.js"}',
  'opt/node24/node_modules/versioned/main.js': 'export const word = "versioned"',
  'opt/plain/own/package.json': '{"name":"own","type":"module","exports":"./main.js"}',
  'opt/plain/own/main.js': 'export const word = "own"',
  'opt/plain/bare/index.js': 'exports.word = "bare"',
  'opt/handlers/app.mjs': 'import old from "old"\nexport const run = async () => old.word',
}

const importsAll = `import { word as modern } from 'modern'
import { word as sub } from 'modern/sub'
import old from 'old'
import { word as scoped } from '@scope/pkg'
import { word as deep } from '@scope/pkg/lib/deep.mjs'
import { word as leaning } from 'leans'
import { word as own } from 'own'
import bare from 'bare'
const { word: late } = await import('versioned')
export const handler = async (names) => {
  const codes = names.map((name) => import(name).then(() => 'found', ({ code }) => code))
  return [modern, sub, old.word, scoped, deep, leaning, own, bare.word, late, ...(await Promise.all(codes))]
}`
const allFound = ['modern', 'sub', 'old', 'scoped', 'deep', 'versioned', 'own', 'bare', 'versioned']
const missing = ['nowhere', './nowhere.mjs', 'modern/nowhere']
const missingCodes = ['ERR_MODULE_NOT_FOUND', 'ERR_MODULE_NOT_FOUND', 'ERR_PACKAGE_PATH_NOT_EXPORTED']

async function startLayered(node: string, files: Record<string, string>, handler = 'index.handler', isWaiting = false) {
  const environment = await supervise({ ...layer, ...files }, isWaiting ? () => standbyFor(nodeClient) : undefined)
  started.push(environment)
  const { folder } = environment
  const folders = ['opt/node24/node_modules', 'opt/node_modules', 'opt/nowhere', 'opt/plain', '']
  const NODE_PATH = folders.map((each) => `${folder}/${each}`).join(':')
  const _HANDLER = handler.replace('OPT', `${folder}/opt`)
  environment.assign({
    command: [node, ...nodeClient.slice(1)],
    variables: { ...variablesOf(folder), _HANDLER, NODE_PATH },
  })
  return environment
}

describe.each(nodes)('with Node.js %s, import finds through NODE_PATH what is nowhere else', (_version, node) => {
  test.each([
    ['from .mjs', { 'index.mjs': importsAll }],
    ['from a package of type module', { 'package.json': '{"type":"module"}', 'index.js': importsAll }],
    [
      'from CommonJS',
      { 'all.mjs': importsAll, 'index.js': `exports.handler = async (e) => (await import('./all.mjs')).handler(e)` },
    ],
  ])('%s', async (_name, files) => {
    const environment = await startLayered(node, files)
    const { payload } = await environment.invoke({ event: JSON.stringify(missing) })
    expect(JSON.parse(payload)).toEqual([...allFound, ...missingCodes])
  })

  test('in a handler that a layer brings', async () => {
    const { payload } = await (await startLayered(node, {}, 'OPT/handlers/app.run')).invoke()
    expect(payload).toBe('"old"')
  })

  test("but first of all in the function's own packages", async () => {
    const own = { 'node_modules/modern/index.js': 'exports.word = "the function\'s"' }
    const files = { ...own, 'index.mjs': `import { word } from 'modern'\nexport const handler = async () => word` }
    expect((await (await startLayered(node, files)).invoke()).payload).toBe(`"the function's"`)
  })
})

test('import through NODE_PATH works in a runtime that waited for its function', async () => {
  const environment = await startLayered(nodeClient[0]!, { 'index.mjs': importsAll }, 'index.handler', true)
  expect(JSON.parse((await environment.invoke({ event: '[]' })).payload)).toEqual(allFound)
})

describe('a handler that names a folder', () => {
  const files = { 'dir/index.js': 'exports.handler = async () => 1' }

  test('is required before Node.js 24', async () => {
    const environment = await start(files, 'dir.handler', { AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs22.x' })
    expect((await environment.invoke()).payload).toBe('1')
  })

  test('is refused from Node.js 24 on, with the name of its index file', async () => {
    const environment = await start(files, 'dir.handler', node24)
    const { errorType, errorMessage } = JSON.parse((await environment.invoke()).payload)
    const text = `Directory import '${environment.folder}/dir' is not supported resolving ES modules imported from `
    const hint = `/var/runtime/index.mjs\nDid you mean to import "${environment.folder}/dir/index.js"?`
    expect([errorType, errorMessage]).toEqual(['Error', text + hint])
  })
})

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
      'no such import of an ES module',
      'index.handler',
      { 'index.mjs': `import 'not-there'` },
      'Error',
      expect.stringMatching(/^Cannot find package 'not-there' imported from .*index.mjs$/) as unknown as string,
    ],
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
    expect(error.errorMessage.split('\n')[0]).toEqual(message)
    expect(environment.log()).toMatch(
      new RegExp(`\\tundefined\\tERROR\\tUncaught Exception \\t\\{"errorType":"${errorType}"`),
    )
  })
})

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
    const supervised = await supervise({
      'index.js': `exports.handler = awslambda.streamifyResponse(async (event, stream) => { stream.write('half') })`,
    })
    started.push(supervised)
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

describe('the console', () => {
  const levels = `exports.handler = async () => { console.log('a\\nb %d', 1, { c: 2 }); console.info('i'); console.warn('w'); console.error('e'); console.debug('d'); console.trace('t'); process.stdout.write('plain\\n') }`

  test('prefixes lines with time, id and level', async () => {
    const { log, done } = await (await start(levels)).invoke()
    const id = done.requestId
    const lines = log.split('\n').slice(2, -3)
    expect(lines.map((line) => line.replace(/^[-\d]+T[:.\d]+Z\t/, ''))).toEqual([
      `${id}\tINFO\ta`,
      'b 1 { c: 2 }',
      `${id}\tINFO\ti`,
      `${id}\tWARN\tw`,
      `${id}\tERROR\te`,
      `${id}\tDEBUG\td`,
      `${id}\tTRACE\tt`,
      'plain',
    ])
  })

  test('shows errors as they are in JSON', async () => {
    const code = `const cause = new TypeError('why'); cause.code = 7
      exports.handler = async () => { console.error(cause); console.warn('failed:', cause, { a: 1 }); console.log({ cause }); throw 'text' }`
    const { log } = await (await start(code, undefined, { AWS_LAMBDA_LOG_FORMAT: 'JSON' })).invoke()
    const lines = log.split('\n').filter((line) => line.startsWith('{'))
    const stackTrace = expect.arrayContaining(['TypeError: why', expect.stringMatching(/^    at /)])
    const error = { errorType: 'TypeError', errorMessage: 'why', stackTrace }
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({ level: 'ERROR', message: { ...error, code: 7 } }),
      expect.objectContaining({ level: 'WARN', message: expect.stringMatching(/^failed: TypeError: why/), ...error }),
      expect.objectContaining({ level: 'INFO', message: { cause: { ...error, code: 7 } } }),
      expect.objectContaining({ message: expect.objectContaining({ errorType: 'Error', errorMessage: 'text' }) }),
    ])
  })

  test('shows a circular error without its members', async () => {
    const code = `exports.handler = async () => { const error = new RangeError('round'); error.self = error; throw error }`
    const { log } = await (await start(code)).invoke()
    expect(log).toMatch(
      /\tERROR\tInvoke Error \t\{"errorType":"RangeError","errorMessage":"round","trace":\["RangeError: round",/,
    )
  })

  test('writes JSON from the configured level on', async () => {
    const variables = { AWS_LAMBDA_LOG_FORMAT: 'JSON', AWS_LAMBDA_LOG_LEVEL: 'WARN' }
    const { log, done } = await (await start(levels, undefined, variables)).invoke()
    const lines = log.split('\n').filter((line) => line.startsWith('{'))
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { timestamp: expect.any(String), level: 'WARN', requestId: done.requestId, message: 'w' },
      { timestamp: expect.any(String), level: 'ERROR', requestId: done.requestId, message: 'e' },
    ])
  })
})
