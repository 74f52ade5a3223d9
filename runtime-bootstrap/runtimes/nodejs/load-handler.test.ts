import { describe, expect, test } from '@jest/globals'
import { answerOf, node24, start } from './node-runtime.harness.ts'

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
