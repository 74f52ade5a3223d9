import { afterEach, describe, expect, test } from '@jest/globals'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { streamWindowBytes } from '../protocol/response-limits.ts'
import { supervise, type Supervised } from './supervisor.harness.ts'

const started: Supervised[] = []
afterEach(async () => {
  await Promise.all(started.splice(0).map((supervised) => supervised.shutdown()))
})

async function start(handler: string, assignment: Parameters<Supervised['assign']>[0] = {}): Promise<Supervised> {
  const supervised = await supervise({ 'index.js': `const fs = require('fs'); ${handler}` })
  started.push(supervised)
  supervised.assign(assignment)
  return supervised
}

/** A handler that streams; `signal(name)` waits until the test made a file of that name. */
const streaming = (code: string) => `
  const signal = async (name) => { while (!fs.existsSync(__dirname + '/' + name)) await new Promise((r) => setTimeout(r, 5)) }
  exports.handler = awslambda.streamifyResponse(async (event, stream, context) => { ${code} })`
const signal = ({ folder }: Supervised, name: string) => writeFileSync(join(folder, name), '')
const body = (errorType: string, id: string, text: string) =>
  JSON.stringify({ errorType, errorMessage: `RequestId: ${id} Error: ${text}` })

describe('a streamed response', () => {
  test('starts before the function ends, and its end follows separately', async () => {
    const environment = await start(
      streaming(
        `stream.setContentType('text/plain'); stream.write('first '); await signal('go'); stream.write('second'); stream.end()`,
      ),
    )
    const requestId = environment.send({ streaming: true })
    expect(await environment.waitForStream(requestId, (text) => text !== '')).toBe('first ')
    signal(environment, 'go')
    const { response, payload, done } = await environment.end(requestId)
    expect(environment.streamed(requestId)).toBe('first second')
    expect(payload).toBe('')
    expect(response).toEqual({ type: 'response', requestId, contentType: 'text/plain' })
    expect(done.status).toBe('success')
  })

  test('is collected for a buffered invocation', async () => {
    const environment = await start(streaming(`stream.write('first '); stream.write('second'); stream.end()`))
    const { payload, done } = await environment.invoke()
    expect(payload).toBe('first second')
    expect(environment.streamed(done.requestId)).toBe('')
  })

  test('is buffered when the function returns it', async () => {
    const environment = await start('exports.handler = async () => "whole"')
    const { payload, done } = await environment.invoke({ streaming: true })
    expect([payload, environment.streamed(done.requestId)]).toEqual(['"whole"', ''])
  })

  test('that is empty has only an end', async () => {
    const environment = await start(streaming('stream.end()'))
    const { response, done } = await environment.invoke({ streaming: true })
    expect(response.functionError).toBeUndefined()
    expect(environment.streamed(done.requestId)).toBe('')
  })

  test('may exceed the buffered limit, byte for byte, while the caller reads it', async () => {
    const environment = await start(
      streaming(
        `for (let i = 0; i < 160; i++) if (!stream.write(String(i % 10).repeat(65_536))) await new Promise((r) => stream.once('drain', r))`,
      ),
    )
    const requestId = environment.send({ streaming: true })
    await environment.end(requestId)
    const expected = Array.from({ length: 160 }, (_, i) => String(i % 10).repeat(65_536)).join('')
    expect(environment.streamed(requestId) === expected).toBe(true)
  })

  test('blocks the runtime while the caller does not read it', async () => {
    const environment = await start(
      streaming(
        `stream.write(Buffer.alloc(16 * 1024 * 1024, 'x')); console.log('written'); await signal('go'); stream.end()`,
      ),
      { timeoutMs: 20_000 },
    )
    const requestId = environment.send({ streaming: true, holds: true })
    await environment.waitForLog('written')
    const held = await environment.waitForStream(requestId, (text) => text.length >= streamWindowBytes - 512 * 256)
    expect(held.length).toBeLessThan(streamWindowBytes + 1024 * 1024)
    signal(environment, 'go')
    environment.grant(requestId, 64 * 1024 * 1024)
    const { response } = await environment.end(requestId)
    expect(response.functionError).toBeUndefined()
    expect(environment.streamed(requestId).length).toBe(16 * 1024 * 1024)
  })

  test('over 200 MB ends with an error, and the environment stays', async () => {
    const environment = await start(
      streaming(`if (event.small) return stream.end('small')
        const piece = Buffer.alloc(1024 * 1024)
        for (let i = 0; i < 202; i++) if (!stream.write(piece)) await new Promise((r) => stream.once('drain', r))
        stream.end()`),
      { timeoutMs: 100_000 },
    )
    const requestId = environment.send({ streaming: true })
    const { response, payload, done } = await environment.end(requestId)
    expect(done).toMatchObject({ status: 'failure', errorType: 'Function.ResponseSizeTooLarge' })
    expect(response).toMatchObject({ functionError: 'Unhandled', errorType: 'Function.ResponseSizeTooLarge' })
    expect(payload).toBe(
      '{"errorMessage":"Response payload size exceeded maximum allowed payload size (209715200 bytes).","errorType":"Function.ResponseSizeTooLarge"}',
    )
    const next = await environment.invoke({ streaming: true, event: '{"small":true}' })
    expect(next.done.initDurationMs).toBeUndefined()
    expect(environment.streamed(next.done.requestId)).toBe('small')
  }, 120_000)
})

describe('a stream that fails', () => {
  const half = `stream.write('half'); await signal('go');`

  async function failing(code: string, assignment: Parameters<Supervised['assign']>[0] = {}) {
    const environment = await start(streaming(`${half} ${code}`), assignment)
    const requestId = environment.send({ streaming: true })
    expect(await environment.waitForStream(requestId, (text) => text !== '')).toBe('half')
    signal(environment, 'go')
    return { environment, requestId, ...(await environment.end(requestId)) }
  }

  test("in the handler has the error of the runtime's trailers, after all written bytes", async () => {
    const { environment, requestId, response, payload, done } = await failing(
      `stream.write(' more'); throw new TypeError('broke')`,
    )
    expect(environment.streamed(requestId)).toBe('half more')
    expect(response).toMatchObject({
      functionError: 'Unhandled',
      errorType: 'TypeError',
      contentType: 'application/json',
    })
    expect(JSON.parse(payload)).toMatchObject({ errorType: 'TypeError', errorMessage: 'broke' })
    expect(done.status).toBe('failure')
    expect((await environment.invoke({ event: '{}', streaming: true })).done.initDurationMs).toBeUndefined()
  })

  test('because its piped source failed has that error', async () => {
    const { response, payload } = await failing(
      `const { pipeline } = require('stream/promises')
       await pipeline((async function* () { yield 'x'; throw new Error('source') })(), stream)`,
    )
    expect(response.errorType).toBe('Error')
    expect(JSON.parse(payload)).toMatchObject({ errorMessage: 'source' })
  })

  test('because of an uncaught error has that error, and ends the runtime', async () => {
    const { response, payload, done } = await failing(
      `setImmediate(() => { throw new Error('loose') }); await new Promise(() => undefined)`,
    )
    expect(response).toMatchObject({ functionError: 'Unhandled', errorType: 'Error' })
    expect(JSON.parse(payload)).toMatchObject({ errorMessage: 'loose' })
    expect(done).toMatchObject({ status: 'error', errorType: 'Runtime.ExitError' })
  })

  test('at the function timeout is a timeout, and the next invocation initialises again', async () => {
    const { environment, requestId, response, payload, done, log } = await failing(
      'await new Promise(() => undefined)',
      {
        timeoutMs: 1000,
      },
    )
    expect(response).toMatchObject({ functionError: 'Unhandled', errorType: 'Sandbox.Timedout' })
    expect(payload).toBe(body('Sandbox.Timedout', requestId, 'Task timed out after 1.00 seconds'))
    expect(done.status).toBe('timeout')
    expect(log).toContain('Task timed out after 1.00 seconds')
    const next = environment.send({ streaming: true })
    expect(await environment.waitForStream(next, (text) => text !== '')).toBe('half')
  })

  test('because the runtime exited is a sandbox failure, with the reason in its details', async () => {
    const { requestId, response, payload, done } = await failing('process.exit(3)')
    expect(response).toMatchObject({ functionError: 'Unhandled', errorType: 'Sandbox.Failure' })
    expect(payload).toBe(body('Runtime.ExitError', requestId, 'Runtime exited with error: exit status 3'))
    expect(done).toMatchObject({ status: 'error', errorType: 'Runtime.ExitError' })
  })

  test('while the caller does not read it still ends at the function timeout', async () => {
    const environment = await start(
      streaming(`for (;;) if (!stream.write(Buffer.alloc(65_536))) await new Promise((r) => stream.once('drain', r))`),
      { timeoutMs: 1000 },
    )
    const { response } = await environment.invoke({ streaming: true, holds: true })
    expect(response.errorType).toBe('Sandbox.Timedout')
  })

  test('before its first byte is a function error as without streaming', async () => {
    const environment = await start(
      streaming(`stream = awslambda.HttpResponseStream.from(stream, { statusCode: 201 }); throw new Error('early')`),
    )
    const { response, payload, done } = await environment.invoke({ streaming: true })
    expect(response).toMatchObject({ functionError: 'Unhandled' })
    expect(response.errorType).toBeUndefined()
    expect(JSON.parse(payload)).toMatchObject({ errorMessage: 'early' })
    expect(environment.streamed(done.requestId)).toBe('')
  })
})

describe('a custom runtime', () => {
  /** Posts what the event says as raw bytes, then asks for the next event on a new connection. */
  const bootstrap = `#!${process.execPath}
    const net = require('net'), http = require('http')
    const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':')
    const next = () => http.get({ host, port, path: '/2018-06-01/runtime/invocation/next', agent: false }, (r) => {
      let text = ''
      r.on('data', (c) => (text += c)).on('end', () => {
        const id = r.headers['lambda-runtime-aws-request-id'], { head, body, second } = JSON.parse(text)
        const s = net.connect(port, host)
        const path = '/2018-06-01/runtime/invocation/' + id + '/response'
        s.write('POST ' + path + ' HTTP/1.1\\r\\nHost: x\\r\\nTransfer-Encoding: chunked\\r\\n' + head + '\\r\\n\\r\\n' + body)
        let reply = ''
        const over = () => { console.log('reply ' + reply.split('\\r\\n')[0]); next() }
        s.on('data', (c) => { reply += c; if (!second) { s.destroy(); over() } })
        if (second === 'end') { s.end(); s.on('close', over) }
        if (second === 'reset') setTimeout(() => { s.resetAndDestroy(); over() }, 20)
        if (second === 'post') setTimeout(() => http.request({ host, port, path, method: 'POST', agent: false }, (again) => {
          again.resume().on('end', () => { console.log('again ' + again.statusCode); s.write('0\\r\\n\\r\\n'); s.on('data', () => { s.destroy(); next() }) })
        }).end('other'), 20)
      })
    })
    next()`
  const mode = (value: string) => `Lambda-Runtime-Function-Response-Mode: ${value}`
  const half = '4\r\nhalf\r\n'

  async function post(event: Record<string, string>) {
    const environment = await supervise({ bootstrap })
    started.push(environment)
    environment.assign({ command: [] })
    return { environment, ...(await environment.invoke({ streaming: true, event: JSON.stringify(event) })) }
  }

  test('streams with the mode header alone, and without a content type', async () => {
    const { environment, response, done } = await post({ head: mode('streaming'), body: `${half}0\r\n\r\n` })
    expect(environment.streamed(done.requestId)).toBe('half')
    expect(response.contentType).toBe('application/octet-stream')
  })

  test.each(['end', 'reset'])('whose stream breaks off by %s is a truncated response', async (second) => {
    const { environment, response, payload, done } = await post({ head: mode('streaming'), body: half, second })
    expect(environment.streamed(done.requestId)).toBe('half')
    expect(response).toMatchObject({ functionError: 'Unhandled', errorType: 'Runtime.TruncatedResponse' })
    expect(payload).toBe(
      '{"errorType":"Runtime.TruncatedResponse","errorMessage":"HTTP request detected as truncated"}',
    )
    const next = await environment.invoke({ event: JSON.stringify({ head: 'X: y', body: `${half}0\r\n\r\n` }) })
    expect([next.payload, next.done.initDurationMs]).toEqual(['half', undefined])
  })

  test('that names another mode is rejected, and the function fails with it', async () => {
    const { environment, response, payload, log } = await post({ head: mode('buffered'), body: `${half}0\r\n\r\n` })
    expect(response.functionError).toBe('Unhandled')
    expect(JSON.parse(payload)).toMatchObject({ errorType: 'Runtime.InvalidResponseModeHeader' })
    expect(log).toContain('reply HTTP/1.1 400 Bad Request')
    expect(environment.streamed('')).toBe('')
  })

  test('cannot respond a second time while its stream is open', async () => {
    const { environment, response, done, log } = await post({ head: mode('streaming'), body: half, second: 'post' })
    expect(log).toContain('again 400')
    expect(response.functionError).toBeUndefined()
    expect(environment.streamed(done.requestId)).toBe('half')
  })
})
