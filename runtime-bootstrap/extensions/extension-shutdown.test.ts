import { afterEach, describe, expect, test } from '@jest/globals'
import { supervise, type Supervised } from '../supervisor/supervisor.harness.ts'
import { isGone, until } from '../processes/process-state.harness.ts'
import { extension, filesOf, listener, pidIn, saidBy } from './extension.harness.ts'

const started: Supervised[] = []
afterEach(async () => {
  await Promise.all(started.splice(0).map((supervised) => supervised.shutdown()))
})

async function start(code: string | Record<string, string>, extensions: Record<string, string>): Promise<Supervised> {
  const own = typeof code === 'string' ? { 'index.js': code } : code
  const supervised = await supervise({ ...own, ...filesOf(extensions) })
  started.push(supervised)
  return supervised
}

const polite = `process.on('SIGTERM', () => { require('fs').writeSync(1, 'the runtime ends\\n'); process.exit(0) })
  exports.handler = async (event) => event`
const stubborn = `process.on('SIGTERM', () => require('fs').writeSync(1, 'the runtime stays\\n'))
  exports.handler = async () => process.pid`
const events = (name: string, log: string) =>
  saidBy(name, log).map((line) => JSON.parse(line) as Record<string, unknown>)

describe('the shutdown of an environment', () => {
  test('sends SIGTERM to the runtime, then SHUTDOWN to the extensions that registered for it', async () => {
    const environment = await start(polite, { wants: listener('INVOKE', 'SHUTDOWN'), other: listener('INVOKE') })
    environment.assign()
    await environment.invoke()
    await environment.shutdown()
    const log = environment.log()
    expect(events('wants', log).at(-1)).toEqual({
      eventType: 'SHUTDOWN',
      deadlineMs: expect.any(Number),
      shutdownReason: 'spindown',
    })
    expect(events('other', log)).toHaveLength(1)
    expect(log).toMatch(/the runtime ends\n[^]*SHUTDOWN/)
  })

  test('sends its event without an identifier in the header', async () => {
    const environment = await start(polite, {
      head: extension(`await register(['SHUTDOWN']); const { headers } = await next()
        say({ id: headers['lambda-extension-event-identifier'] ?? null, type: headers['content-type'] })`),
    })
    environment.assign()
    await environment.ready()
    await environment.shutdown()
    expect(events('head', environment.log())).toEqual([{ id: null, type: 'application/json' }])
  })

  test('waits for the last output of an extension, and kills one that does not exit', async () => {
    const environment = await start(stubborn, {
      last: extension(
        `await register(['SHUTDOWN']); await next(); await new Promise((r) => setTimeout(r, 400)); say('the last word'); process.exit(0)`,
      ),
      stays: extension(
        `await register(['SHUTDOWN']); say('pid ' + process.pid); await next(); say('stays'); setInterval(() => 0, 1000)`,
      ),
    })
    environment.assign()
    const { payload } = await environment.invoke()
    await environment.shutdown()
    const log = environment.log()
    expect(log).toContain('the runtime stays\n')
    expect(saidBy('last', log)).toEqual(['the last word'])
    expect(saidBy('stays', log)).toContain('stays')
    await until(() => isGone(pidIn(log, 'stays')) && isGone(Number(payload)))
  })

  test('reaches an extension when it returns from its work', async () => {
    const marks = `process.on('SIGTERM', () => { require('fs').writeFileSync(__dirname + '/ends', ''); process.exit(0) })
      exports.handler = async () => 1`
    const environment = await start(marks, {
      busy: extension(`await register(['INVOKE', 'SHUTDOWN']); await next(); say({ eventType: 'works' })
        await until(() => fs.existsSync(require('node:path').resolve(process.argv[1], '../../../ends'))); say((await next()).json()); process.exit(0)`),
    })
    environment.assign({ timeoutMs: 20_000 })
    environment.send()
    await environment.waitForLog('works')
    await environment.shutdown()
    expect(events('busy', environment.log()).at(-1)).toMatchObject({ shutdownReason: 'spindown' })
  })

  test('is the same when the server disconnects', async () => {
    const environment = await start(polite, { wants: listener('SHUTDOWN') })
    environment.assign()
    await environment.ready()
    process.kill(environment.pid, 'SIGTERM')
    await environment.exited
    expect(events('wants', environment.log())).toEqual([expect.objectContaining({ shutdownReason: 'spindown' })])
  })

  test('sends SIGTERM to a runtime with an internal extension', async () => {
    const code = `import { request } from 'node:http'
      import { writeSync } from 'node:fs'
      const base = 'http://' + process.env.AWS_LAMBDA_RUNTIME_API + '/2020-01-01/extension/'
      const ask = (method, path, headers, body) => new Promise((resolve) =>
        request(base + path, { method, headers }, (answer) => resolve(answer.headers['lambda-extension-identifier'])).end(body))
      const id = await ask('POST', 'register', { 'Lambda-Extension-Name': 'inside' }, '{"events":null}')
      void ask('GET', 'event/next', { 'Lambda-Extension-Identifier': id })
      process.on('SIGTERM', () => { writeSync(1, 'the runtime ends\\n'); process.exit(0) })
      export const handler = async (event) => event`
    const environment = await start({ 'index.mjs': code }, {})
    environment.assign()
    expect((await environment.invoke({ event: '1' })).payload).toBe('1')
    await environment.shutdown()
    expect(environment.log()).toContain('EXTENSION\tName: inside\tState: Ready\tEvents: []\n')
    expect(environment.log()).toContain('the runtime ends\n')
  })

  test('sends no SIGTERM without extensions', async () => {
    const environment = await start(polite, {})
    environment.assign()
    await environment.invoke()
    await environment.shutdown()
    expect(environment.log()).not.toContain('the runtime ends')
  })
})

describe('a reset', () => {
  test('after a timeout notifies extensions, and restarts them', async () => {
    const environment = await start(
      'exports.handler = (event) => event.hang ? new Promise(() => setInterval(() => 0, 1000)) : Promise.resolve(1)',
      { wants: listener('INVOKE', 'SHUTDOWN') },
    )
    environment.assign({ timeoutMs: 3000 })
    const { done } = await environment.invoke({ event: '{"hang":true}' })
    expect(done).toMatchObject({ status: 'timeout', durationMs: 3000 })
    expect(events('wants', environment.log()).at(-1)).toMatchObject({
      eventType: 'SHUTDOWN',
      shutdownReason: 'timeout',
    })
    expect((await environment.invoke({ event: '{}' })).payload).toBe('1')
    expect(events('wants', environment.log()).map(({ eventType }) => eventType)).toEqual([
      'INVOKE',
      'SHUTDOWN',
      'INVOKE',
    ])
  })

  test('after the runtime exited notifies extensions of a failure, and responds before they end', async () => {
    const environment = await start('exports.handler = async () => process.exit(3)', {
      slow: extension(`await register(['SHUTDOWN']); say((await next()).json())
        await new Promise((r) => setTimeout(r, 200)); process.exit(0)`),
    })
    environment.assign()
    const requestId = environment.send()
    const { payload } = await environment.answer(requestId)
    expect(JSON.parse(payload)).toMatchObject({ errorType: 'Runtime.ExitError' })
    expect(environment.log()).not.toContain('REPORT')
    await environment.end(requestId)
    expect(events('slow', environment.log())).toEqual([expect.objectContaining({ shutdownReason: 'failure' })])
  })
})

describe('the log', () => {
  test('has a line per extension after initialisation', async () => {
    const environment = await start(polite, { a: listener('INVOKE', 'SHUTDOWN'), b: listener() })
    environment.assign()
    const { log } = await environment.invoke()
    expect(log).toMatch(
      /INIT_START .*\n[^]*EXTENSION\tName: a\tState: Ready\tEvents: \[INVOKE, SHUTDOWN\]\nEXTENSION\tName: b\tState: Ready\tEvents: \[\]\nSTART/,
    )
  })

  test('shows the state of each extension when initialisation failed', async () => {
    const environment = await start(polite, {
      crashes: extension(`await register(['INVOKE']); process.exit(1)`),
      reports: extension(`await register([]); await until(() => false)`),
      unready: 'text',
    })
    environment.assign()
    await environment.waitForLog('INIT_REPORT')
    expect(environment.log()).toContain(
      'EXTENSION\tName: unready\tState: LaunchError\tEvents: []\tError Type: PermissionDenied\n',
    )
    expect(environment.log()).toContain('EXTENSION\tName: reports\tState: Started\tEvents: []\n')
  })

  test('has them as events with a level in JSON', async () => {
    const environment = await start(polite, { a: listener('INVOKE') })
    environment.assign({ logging: { applicationLevel: 'INFO', systemLevel: 'INFO' } })
    await environment.invoke()
    const line = environment
      .log()
      .split('\n')
      .find((text) => text.includes('platform.extension'))!
    expect(JSON.parse(line)).toEqual({
      time: expect.any(String),
      type: 'platform.extension',
      record: { name: 'a', state: 'Ready', events: ['INVOKE'] },
    })
  })
})
