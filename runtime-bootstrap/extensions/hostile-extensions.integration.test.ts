import { afterEach, expect, test } from '@jest/globals'
import { readFileSync } from 'node:fs'
import { supervise, type Supervised } from '../supervisor/supervisor.harness.ts'
import { isGone, until } from '../processes/process-state.harness.ts'
import { extension, filesOf, saidBy } from './extension.harness.ts'

const started: Supervised[] = []
afterEach(async () => {
  await Promise.all(started.splice(0).map((supervised) => supervised.shutdown()))
})

const echo = 'exports.handler = async (event) => event'

async function start(hostile: string, timeoutMs = 3000, code = echo): Promise<Supervised> {
  const supervised = await supervise({ 'index.js': code, ...filesOf({ hostile: extension(hostile) }) })
  started.push(supervised)
  supervised.assign({ timeoutMs })
  return supervised
}

const usedMb = ({ pid }: Supervised) =>
  Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))![1]) / 1024

test('an extension that writes endlessly neither delays the function nor exhausts memory', async () => {
  const environment = await start(`await register([]); void next()
    const text = 'x'.repeat(60_000); for (;;) { fs.writeSync(1, text); await new Promise((r) => setImmediate(r)) }`)
  for (let round = 0; round < 3; round++) {
    expect((await environment.invoke({ event: '1' })).done.status).toBe('success')
  }
  expect(usedMb(environment)).toBeLessThan(200)
})

test('an extension that sends requests without reading responses is disconnected', async () => {
  const environment = await start(
    `await register([])
    const socket = require('node:net').connect(port, host, () => {
      const requests = 'GET /2018-06-01/ping HTTP/1.1\\r\\n\\r\\n'.repeat(1000)
      const go = () => { if (!socket.destroyed) socket.write(requests, () => setImmediate(go)) }
      socket.pause(); go()
    })
    socket.on('error', () => undefined).on('close', () => { say('cut off'); process.exit(1) })
    await next()`,
    200_000,
    // It lasts until the extension leaves.
    'exports.handler = () => new Promise(() => setInterval(() => 0, 1000))',
  )
  expect((await environment.invoke()).done.errorType).toBe('Extension.Crash')
  expect(saidBy('hostile', environment.log())).toEqual(['cut off'])
  expect(usedMb(environment)).toBeLessThan(200)
}, 240_000)

test('processes of an extension end with it, and an extension that never exits is killed', async () => {
  const environment = await start(
    `await register(['INVOKE', 'SHUTDOWN'])
    process.on('SIGTERM', () => undefined)
    const child = require('node:child_process').spawn('sleep', ['1000']); say(child.pid)
    await next(); setInterval(() => 0, 1000)`,
    500,
  )
  const { payload, done, log } = await environment.invoke({ event: '1' })
  expect([payload, done.status]).toEqual(['1', 'timeout'])
  const pid = Number(saidBy('hostile', log)[0])
  await until(() => isGone(pid))
})

test('a subscriber that never responds neither delays the function nor exhausts memory', async () => {
  const environment = await start(`await register(['INVOKE'])
    const server = require('node:net').createServer((socket) => socket.pause()).listen(0, async () => {
      await subscribe({ types: ['platform', 'function'], destination: toHttp(server.address().port), buffering: { timeoutMs: 25 } })
      for (;;) await next()
    })`)
  for (let round = 0; round < 20; round++) {
    expect((await environment.invoke({ event: JSON.stringify('x'.repeat(100_000)) })).done.status).toBe('success')
  }
  expect(usedMb(environment)).toBeLessThan(200)
})

test('an extension with very many connections can still request events', async () => {
  const environment = await start(`await register(['INVOKE'])
    const sockets = Array.from({ length: 200 }, () => require('node:net').connect(port, host).on('error', () => undefined))
    for (const socket of sockets) socket.write('POST /2020-01-01/extension/register HTTP/1.1\\r\\nContent-Length: 1000000\\r\\n\\r\\n')
    for (;;) await next()`)
  expect((await environment.invoke({ event: '1' })).done.status).toBe('success')
})
