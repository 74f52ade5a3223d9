import { describe, expect, test } from '@jest/globals'
import { start } from './node-runtime.harness.ts'

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
